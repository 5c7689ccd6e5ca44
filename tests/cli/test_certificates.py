"""When the certificates of a cluster end, as its state says."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.review.events import SIGNATURE
from consul_on_pulumi.security import x509

from tests.cli.conftest import DYNAMIC, Resource, Stack, cluster

SERVERS = {"dev-server-0": "http+docker://dev-server-0:8500"}
NOW = datetime.now(UTC)
AUTHORITY = x509.authority("dev authority", 3650, NOW)
DAY = "%Y-%m-%d %H:%M UTC"


def closed() -> list[Resource]:
    """A cluster with an authority for 3650 days and certificates of 90."""
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    files = {}
    for name in ("security-server-0", "security-client"):
        certificate, key = x509.certificate(AUTHORITY, [name], 90, NOW)
        files[name] = {f"{name}.crt": certificate, f"{name}.key": key}
    outputs: dict[str, dict[str, object]] = {"Authority": {"certificate": AUTHORITY[0]}}
    for tier, text in files.items():
        hidden = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(text)}
        outputs[f"Certificates {tier}"] = {"files": hidden}
    for kind, outs in outputs.items():
        of_type = f"{DYNAMIC}{kind.partition(' ')[0]}"
        resources.append(
            {"urn": f"{resources[1]['urn']}-{kind}", "type": of_type, "parent": resources[1]["urn"], "outputs": outs}
        )
    return resources


def shown(capsys: pytest.CaptureFixture[str], authority: str, others: str) -> None:
    ends = [(NOW + timedelta(days=days)).strftime(DAY) for days in (3650, 90)]
    assert capsys.readouterr().out.splitlines() == [
        f"the authority {authority} on {ends[0]}",
        f"the certificate security-server-0 {others} on {ends[1]}",
        f"the certificate security-client {others} on {ends[1]}",
    ]


def test_each_certificate_has_its_end_and_nothing_has_to_be_done(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(clusters=[closed()], token="t")

    assert main(["certificates", "--stack", "dev"]) == 0
    shown(capsys, "ends", "ends")


@pytest.mark.parametrize(("days", "word"), [(61, "ends"), (91, "ended")])
def test_what_has_to_be_renewed_is_an_error_with_the_words_of_the_preview(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, days: int, word: str
) -> None:
    stack(clusters=[closed()], token="t")
    monkeypatch.setattr("consul_on_pulumi.security.expiry.now", lambda: NOW + timedelta(days=days))

    with pytest.raises(SystemExit) as ended:
        main(["certificates", "--stack", "dev"])
    shown(capsys, "ends", word)
    ends = (NOW + timedelta(days=90)).strftime(DAY)
    assert str(ended.value.code).splitlines() == [
        f"security: the certificate security-{name} {word} on {ends}. `pulumi up` renews it"
        for name in ("server-0", "client")
    ]


def test_an_open_cluster_has_none(stack: Stack) -> None:
    stack(clusters=[cluster("consul", SERVERS, "docker:index/container:Container")], token="t")

    with pytest.raises(SystemExit, match="consul has no certificates: it is open"):
        main(["certificates", "--stack", "dev"])

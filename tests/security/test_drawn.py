"""Credentials and certificates: what is drawn, what stays, and whom TLS believes."""

import base64
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.security import acl_rules, x509
from consul_on_pulumi.security.certificates import CertificatesProvider
from consul_on_pulumi.security.credentials import CredentialsProvider
from pulumi.dynamic import CreateResult, UpdateResult

NOW = datetime.now(UTC)
AUTHORITY = x509.authority("dev authority", 30, NOW)


def outputs(result: CreateResult | UpdateResult) -> dict[str, Any]:
    assert result.outs
    return result.outs


def test_every_credential_is_drawn_once_and_a_new_one_leaves_the_others() -> None:
    first = outputs(CredentialsProvider().create({"names": ["management", "gates"]}))
    other = outputs(CredentialsProvider().create({"names": ["management", "gates"]}))

    assert len(base64.b64decode(first["gossip_key"])) == 32
    assert len({*first["tokens"].values(), *first["ids"].values(), *other["tokens"].values()}) == 6
    news = {"names": ["management", "gates", "seeds"]}
    assert CredentialsProvider().diff("id", first, {"names": ["management"]}).changes is False
    assert CredentialsProvider().diff("id", first, news).changes is True
    later = outputs(CredentialsProvider().update("id", first, news))
    assert later["gossip_key"] == first["gossip_key"]
    assert first["tokens"].items() < later["tokens"].items()


def test_certificates_are_drawn_again_for_other_names_only() -> None:
    props = {"names": {"a": ["a"], "b": ["b"]}, "days": 30, "signer": AUTHORITY[0], "signer_key": AUTHORITY[1]}
    first = outputs(CertificatesProvider().create(props))
    news = props | {"names": {"a": ["a"], "b": ["b", "10.0.0.1"]}}

    assert CertificatesProvider().diff("id", first, props).changes is False
    assert CertificatesProvider().diff("id", first, news).changes is True
    later = outputs(CertificatesProvider().update("id", first, news))["files"]
    assert {name for name, text in later.items() if text == first["files"][name]} == {"a.crt", "a.key"}


@pytest.mark.parametrize(
    ("name", "days", "signer", "refused"),
    [
        ("server.dc1.consul", 30, AUTHORITY, ""),
        ("127.0.0.1", 30, AUTHORITY, ""),
        ("client.dc1.consul", 30, AUTHORITY, "match"),
        ("server.dc1.consul", 0, AUTHORITY, "expired"),
        ("server.dc1.consul", 30, x509.authority("dev authority", 30, NOW), "certificate verify failed"),
    ],
    ids=["its name", "its address", "the name of a client", "expired", "another authority of the same name"],
)
def test_tls_believes_a_certificate_of_the_authority_for_its_names(
    tmp_path: Path, name: str, days: int, signer: x509.Pair, refused: str
) -> None:
    certificate, key = x509.certificate(signer, ["server.dc1.consul", "127.0.0.1"], days, NOW - timedelta(hours=2))
    (tmp_path / "both.pem").write_text(certificate + key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "both.pem")
    trusting = ssl.create_default_context(cadata=AUTHORITY[0])
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        if refused:
            with pytest.raises(ssl.SSLCertVerificationError, match=refused):
                trusting.wrap_socket(ours, server_hostname=name)
        else:
            trusting.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


def test_a_certificate_ends_after_its_days() -> None:
    certificate, _ = x509.certificate(AUTHORITY, ["a"], 7, NOW)

    assert abs(x509.expires(certificate) - NOW - timedelta(days=7)) < timedelta(seconds=1)


def test_seeds_may_be_written_below_their_first_parts_and_nowhere_else() -> None:
    rules = acl_rules.policies("dev", acl_rules.prefixes(["app/db/host", "app/name", "motd", 'a"b']))["seeds"]

    assert rules.splitlines() == [
        'key "a\\"b" { policy = "write" }',
        'key_prefix "app/" { policy = "write" }',
        'key "motd" { policy = "write" }',
    ]


def test_only_the_management_token_has_no_policy_of_its_own() -> None:
    assert set(acl_rules.TOKENS) - set(acl_rules.policies("dev", [])) == {"management"}
    assert not [name for name, rules in acl_rules.policies("dev", []).items() if "acl" in rules]

"""The variables with which other programs reach a cluster."""

import json
import os
from pathlib import Path

import pytest
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.review.events import SIGNATURE

from tests.cli.conftest import Stack, cluster

SERVERS = {"dev-server-0": "http+docker://dev-server-0:8500"}
NAME = "it's"


def test_a_closed_cluster_has_an_address_a_token_and_the_certificate_of_its_authority(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    resources[1]["outputs"] = {
        "http_addresses": ["https://127.0.0.1:8500"],
        "management_token": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": f'"{NAME}"'},
        "authority": "PEM",
    }
    stack(clusters=[resources], token="of-the-program")

    main(["env", "--stack", "dev"])

    file = tmp_path / "state" / "consul-on-pulumi" / "authorities" / "shop" / "dev" / "consul.pem"
    assert capsys.readouterr().out.splitlines() == [
        "export CONSUL_HTTP_ADDR=https://127.0.0.1:8500",
        """export CONSUL_HTTP_TOKEN='it'"'"'s'""",
        f"export CONSUL_CACERT={file}",
    ]
    assert file.read_text() == "PEM"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8500/ui/", ["http://127.0.0.1:8500/ui/"]),
        (
            "https://consul-k8s-ui.consul-k8s.svc/ui/",
            [
                "kubectl --namespace consul-k8s port-forward service/consul-k8s-ui 8080:80",
                "http://localhost:8080/ui/",
            ],
        ),
        (
            "https://127.0.0.1:8500/ui/",
            ["https://127.0.0.1:8500/ui/", "  Browsers warn about its certificate. Import this CA"],
        ),
    ],
)
def test_people_are_told_where_the_ui_is_and_how_to_log_in(
    stack: Stack, capsys: pytest.CaptureFixture[str], url: str, shown: list[str]
) -> None:
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    resources[1]["outputs"] = {
        "http_addresses": ["https://127.0.0.1:8500"],
        "ui_urls": [url],
        "management_token": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"generated"'},
        "authority": "PEM",
    }
    stack(clusters=[resources], token="of-the-program")

    main(["ui", "--stack", "dev"])
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, shown, strict=True)] == shown
    assert last == "  Log in with the token that this prints: `consul-on-pulumi token --stack dev`"
    main(["token", "--stack", "dev"])
    assert capsys.readouterr().out == "generated\n"


@pytest.mark.parametrize(
    ("place", "connection", "options"),
    [
        ("_", {}, ""),
        ("here", {}, "--context here "),
        ("_;%2Fhome%2Fa%20b%2Fconfig", {}, "--kubeconfig '/home/a b/config' "),
        ("_", {"kubernetes": {"context": "there", "cluster": "c"}}, "--context there --cluster c "),
        ("_", {"kubernetes": {"kubeconfig": "apiVersion: v1\nkind: Config\n"}}, ""),
    ],
)
def test_the_command_that_forwards_a_port_names_the_kubernetes_cluster(
    stack: Stack, capsys: pytest.CaptureFixture[str], place: str, connection: dict[str, object], options: str
) -> None:
    resources = cluster("consul", {"dev-server-0": "http+kubernetes://_/dev/dev-server-0:8500"})
    resources[5]["inputs"] |= {"cluster": place, "connection": {"plaintext": json.dumps(connection)}}
    resources[1]["outputs"] = {"http_addresses": ["https://a"], "ui_urls": ["https://dev-ui.dev.svc/ui/"]}
    stack(clusters=[resources])
    export = Path(os.environ["PATH"]) / "stackexport.json"
    (export.parent / "stackexport-secrets.json").write_text(export.read_text())

    main(["ui", "--stack", "dev"])

    command = f"kubectl {options}--namespace dev port-forward service/dev-ui 8080:80"
    assert capsys.readouterr().out.splitlines()[0] == command


def test_nobody_needs_to_log_in_at_an_open_cluster(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    resources[1]["outputs"] = {
        "http_addresses": ["http://127.0.0.1:8500"],
        "ui_urls": ["http://127.0.0.1:8500/ui/"],
    }
    stack(clusters=[resources], token="of-the-program")

    main(["ui", "--stack", "dev"])
    assert capsys.readouterr().out == "http://127.0.0.1:8500/ui/\n"


def test_an_open_cluster_has_the_token_of_the_program_if_there_is_one(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    resources[1]["outputs"] = {"http_addresses": ["http://127.0.0.1:8500"], "management_token": None}
    stack(clusters=[resources], token="of-the-program")

    main(["env", "--stack", "dev"])

    assert capsys.readouterr().out.splitlines() == [
        "export CONSUL_HTTP_ADDR=http://127.0.0.1:8500",
        "export CONSUL_HTTP_TOKEN=of-the-program",
    ]


def test_a_cluster_whose_first_update_failed_has_no_address_yet(stack: Stack) -> None:
    stack(clusters=[cluster("consul", SERVERS, "docker:index/container:Container")], token="t")

    with pytest.raises(SystemExit, match="the last update of consul did not end: run `pulumi up --stack dev` first"):
        main(["env", "--stack", "dev"])


def test_a_command_that_is_printed_names_the_stack_as_the_user_did(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = cluster("consul", SERVERS, "docker:index/container:Container")
    hidden = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"generated"'}
    url = "https://127.0.0.1:8500"
    resources[1]["outputs"] = {
        "http_addresses": [url],
        "ui_urls": [f"{url}/ui/"],
        "management_token": hidden,
        "authority": "PEM",
    }
    stack(clusters=[resources], token="of-the-program")

    main(["ui", "--stack", "acme/shop/dev"])

    shown = capsys.readouterr().out
    assert "`consul-on-pulumi token --stack acme/shop/dev`" in shown
    assert str(tmp_path / "state" / "consul-on-pulumi" / "authorities" / "shop" / "dev" / "consul.pem") in shown

"""The variables with which other programs reach a cluster."""

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

"""The Docker examples run with the installed package, and nothing is left of them after `pulumi destroy`."""

from pathlib import Path

import pytest

from tests.e2e import consul
from tests.e2e.engine import docker
from tests.e2e.waiting import eventually
from tests.examples import project
from tests.examples.conftest import Example, left_after_destroy
from tests.examples.project import STACK

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster("stranger", {"servers": 1, "platform": {"docker": {"subnet": "172.30.9.0/24"}}})
pulumi.export("leader_address", cluster.leader_address)
pulumi.export("http_addresses", cluster.http_addresses)
pulumi.export("management_token", cluster.management_token)
pulumi.export("authority", cluster.authority)
"""


def alive(base: str, members: list[str]) -> None:
    """Wait until an agent sees exactly these members, all alive."""
    wanted = dict.fromkeys(members, "alive")
    eventually(f"the members at {base}", lambda: consul.members(base), lambda found: found == wanted)


def test_a_program_in_another_folder_with_the_package_alone_runs_and_removes_a_cluster(
    installed: Path, tmp_path: Path
) -> None:
    source = project.new_project(tmp_path, "stranger", PROGRAM)

    with project.stack_of(source, tmp_path, installed) as stack:
        outputs = project.up(stack)

        consul.sign_in(outputs["http_addresses"], outputs)
        assert outputs["leader_address"].endswith(".2:8300")
        assert consul.ask(outputs["http_addresses"][0], "/v1/status/leader") == outputs["leader_address"]
        assert left_after_destroy(f"stranger-{STACK}", stack) == {}
        assert project.resources(stack) == []


def test_docker(example: Example) -> None:
    cluster = f"docker-example-{STACK}"
    outputs = example("docker", cluster)
    consul.sign_in(outputs["http_addresses"], outputs)

    servers = [f"{cluster}-server-{ordinal}" for ordinal in range(3)]
    for base in outputs["http_addresses"]:
        alive(base, [*servers, f"{cluster}-client-0"])
    assert consul.text(outputs["http_addresses"][-1], "app/name") == "web"
    (leader,) = consul.leaders(outputs["http_addresses"])
    assert outputs["leader_address"] == leader


def test_existing_network(example: Example) -> None:
    cluster = f"existing-network-{STACK}"
    outputs = example("existing-network", cluster)

    agents = [f"{cluster}-{agent}" for agent in ("server-0", "server-1", "server-2", "client-0", "client-1")]
    for base in (*outputs["server_http_addresses"], *outputs["client_http_addresses"]):
        alive(base, agents)
    joined = docker("network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", outputs["network"])
    assert sorted(joined.split()) == sorted(agents)


def test_larger_program(example: Example) -> None:
    outputs = example("larger-program", f"shop-consul-{STACK}")

    def printed(greeting: str) -> None:
        log = f"{greeting} in the log of the application"
        eventually(log, lambda: docker("logs", outputs["application"]), lambda text: greeting in text)

    printed("Welcome to the shop")
    base, token = outputs["http_addresses"][0], outputs["management_token"]
    consul.call(base, "/v1/kv/shop/greeting", "PUT", "Closed on Sunday", token=token)
    printed("Closed on Sunday")


def test_secrets(example: Example) -> None:
    key = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s="
    outputs = example("secrets", f"secrets-example-{STACK}", gossipKey=key, databasePassword="hunter2")

    base = outputs["http_addresses"][0]
    (keyring,) = [ring for ring in consul.ask(base, "/v1/operator/keyring") if not ring["WAN"]]
    assert keyring["Keys"] == {key: 4}, "three servers and a client"
    assert consul.text(base, "database/password") == "hunter2"


def test_seed_sets(example: Example) -> None:
    outputs = example("seed-sets", f"seeds-example-{STACK}")

    base = outputs["http_addresses"][0]
    assert consul.keys(base) == [
        "audit/retention-days",
        "defaults/page-size",
        "defaults/theme",
        "features/checkout/enabled",
        "features/checkout/max-items",
        "features/search/enabled",
        "legacy/banner",
        "legacy/empty",
        "teams/payments/contact",
        "teams/payments/limits.json",
        "teams/search/contact",
    ]
    assert consul.ask(base, "/v1/kv/legacy/banner")[0]["Flags"] == 42

"""Ports and subnets that somebody else uses, on a fake Docker engine."""

import socket
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster, ConsulServer
from consul_on_pulumi.platforms.docker import ownership
from consul_on_pulumi.platforms.docker.addressing import free_subnet
from consul_on_pulumi.platforms.docker.providers.ownership import OwnershipProvider
from consul_on_pulumi.providers.ownership import ForeignObjectError

from tests.doubles.fake_docker import FakeDocker
from tests.recording import build, cluster_args, server_args

MINE = "0123456789abcdef"
FREE = 20987
OURS = {"cluster": "dev", "cluster_id": MINE}
OTHER_PORTS = "stop it, or set other ports; without this setting free ports are chosen once"


def reasons(*objects: str, **more: Any) -> list[str]:
    news = {"objects": list(objects), "cluster": "dev", "cluster_id": MINE, "retain_data": False} | more
    return [failure.reason for failure in OwnershipProvider().check({}, news).failures]


def publish(engine: FakeDocker, name: str, address: str, protocol: str = "tcp", **labels: str) -> None:
    port = {"IP": address, "PrivatePort": 80, "PublicPort": FREE, "Type": protocol}
    engine.container(name, **labels)["Ports"] = [port]


@pytest.fixture(params=[("127.0.0.1", "tcp"), ("0.0.0.0", "tcp"), ("::", "tcp"), ("127.0.0.1", "udp")], ids=str)
def listening(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port on which a program of this machine listens."""
    address, protocol = request.param
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[protocol]
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as other:
        if ":" in address:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        other.bind((address, 0))
        if protocol == "tcp":
            other.listen()
        yield other.getsockname()[1]


def test_b7_a_port_on_which_a_program_listens_is_refused(engine: FakeDocker, listening: int) -> None:
    (reason,) = reasons(f"port/dev-server-1/dns_port/{listening}")

    assert reason.startswith(
        f"platform.docker.dns_port: expected a free port on 127.0.0.1 for each agent, got {listening} ("
    )
    assert reason.endswith(f") for dev-server-1, used by a program on this machine: {OTHER_PORTS}")


@pytest.mark.parametrize(
    ("address", "refused"), [("127.0.0.1", True), ("0.0.0.0", True), ("::", True), ("192.0.2.7", False)]
)
def test_b7_a_port_that_a_container_publishes_is_refused_by_its_name(
    engine: FakeDocker, address: str, refused: bool
) -> None:
    publish(engine, "web", address)

    found = reasons(f"port/dev-server-0/http_port/{FREE}")

    expected = (
        f"platform.docker.http_port: expected a free port on 127.0.0.1 for each agent, got {FREE} (tcp) for "
        f"dev-server-0, used by the container web: {OTHER_PORTS}"
    )
    assert found == ([expected] if refused else [])


def test_b7_a_port_of_this_agent_is_accepted_and_one_of_another_agent_is_not(engine: FakeDocker) -> None:
    """A rollout would stop an agent and then find the port of its successor in use."""
    publish(engine, "dev-server-1", "127.0.0.1", **OURS)

    assert reasons(f"port/dev-server-1/http_port/{FREE}") == []
    (reason,) = reasons(f"port/dev-server-0/http_port/{FREE}")
    assert "used by dev-server-1: agents change one at a time, so choose ports that no agent of this cluster" in reason


def test_d4_a_port_of_an_agent_that_somebody_renamed_is_accepted(engine: FakeDocker) -> None:
    """Its container is replaced by one with the right name."""
    publish(engine, "renamed-by-hand", "127.0.0.1", **OURS)

    assert reasons(f"port/dev-server-0/http_port/{FREE}") == []


def test_b7_a_remote_engine_publishes_no_ports_on_this_machine(
    engine: FakeDocker, listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.7:2375")

    assert reasons(f"port/dev-server-0/dns_port/{listening}") == []


def test_b7_a_closed_connection_does_not_hold_a_port(engine: FakeDocker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)

    assert reasons(f"port/dev-server-0/http_port/{port}") == []


@pytest.mark.parametrize("preview", [True, False])
def test_b7_a_port_that_was_taken_since_is_refused_before_the_container_is_created(
    engine: FakeDocker, monkeypatch: pytest.MonkeyPatch, preview: bool
) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    monkeypatch.setattr(ownership, "RELEASE_TIMEOUT", 0.0)
    publish(engine, "web", "127.0.0.1", "udp")
    ports = [
        {"internal": 8600.0, "external": float(FREE), "ip": "127.0.0.1", "protocol": one} for one in ("tcp", "udp")
    ]
    labels = [{"label": "consul.cluster", "value": "dev"}, {"label": "consul.cluster-id", "value": MINE}]
    inputs = {"name": "dev-server-0", "labels": labels, "ports": [*ports, {"internal": 8500.0, "external": None}]}
    args: Any = pulumi.ResourceHookArgs(urn="", id="", name="x", type="docker:index:Container", new_inputs=inputs)

    with pytest.raises(ForeignObjectError, match=rf"platform.docker.dns_port: .* got {FREE} \(udp\)"):
        ownership.before_create("dev", retain_data=False)(args, {})


def test_b7_every_port_that_the_settings_name_is_checked() -> None:
    args = cluster_args({"docker": {"subnet": "172.30.0.0/24", "http_port": 8500}}, clients=1)
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses}).seen

    checked = {one for found in seen if found.type.endswith(":Ownership") for one in found.inputs["objects"]}

    named = {"dev-server-0": 8500, "dev-server-1": 8501, "dev-server-2": 8502, "dev-client-0": 8507}
    assert {one for one in checked if one.startswith("port/")} == {
        f"port/{node}/http_port/{port}" for node, port in named.items()
    }
    assert "subnet/dev/172.30.0.0/24" in checked


def test_b1_a_subnet_that_overlaps_another_network_is_refused_with_its_name_and_a_free_one(engine: FakeDocker) -> None:
    engine.network("lan", "172.30.0.0/16")
    engine.network("web", "172.31.0.0/24")

    assert reasons("subnet/dev/172.30.8.0/24") == [
        "platform.docker.subnet: expected a subnet that overlaps no other network, got '172.30.8.0/24', which overlaps "
        "lan (172.30.0.0/16): 172.31.1.0/24 is free"
    ]


def test_bug_a_network_whose_subnet_has_host_bits_is_read_as_the_network_that_it_is(engine: FakeDocker) -> None:
    engine.network("old", "172.28.0.5/16")
    engine.network("six", "fd00::5/64")

    assert reasons("subnet/dev/172.30.0.0/24", "existing/old/172.28.8.0/24") == []
    assert reasons("subnet/dev/172.28.8.0/24") == [
        "platform.docker.subnet: expected a subnet that overlaps no other network, got '172.28.8.0/24', which overlaps "
        "old (172.28.0.0/16): 172.29.0.0/24 is free"
    ]


def test_b1_the_network_of_the_cluster_itself_and_others_are_no_overlap(engine: FakeDocker) -> None:
    engine.network("dev", "172.30.0.0/24", **OURS)
    engine.network("web", "172.31.0.0/24")

    assert reasons("network/dev", "subnet/dev/172.30.0.0/24") == []


@pytest.mark.parametrize(
    ("like", "taken", "free"),
    [
        ("10.0.0.0/24", ["10.0.0.0/23"], "10.0.2.0/24"),
        ("192.168.255.0/24", ["192.168.255.0/25"], None),
        ("172.16.0.0/12", ["172.20.0.0/24"], None),
    ],
)
def test_b1_a_free_subnet_has_the_same_size_and_is_private(like: str, taken: list[str], free: str | None) -> None:
    assert free_subnet(like, taken) == free


def test_b1_an_existing_network_must_exist_and_have_the_subnet(engine: FakeDocker) -> None:
    """The agents could not start in it, and then the subnet would be fixed: there are volumes."""
    engine.network("lan", "10.8.0.0/24")

    assert reasons("existing/lan/10.8.0.0/24") == []
    assert reasons("existing/lan/10.8.0.128/25") == []
    assert reasons("existing/lan/10.9.0.0/24") == [
        "platform.docker.subnet: expected 10.8.0.0/24, the subnet of the network lan, or a part of it, "
        "got '10.9.0.0/24'"
    ]
    assert reasons("existing/nope/10.8.0.0/24") == [
        "platform.docker.network: expected an existing network, got 'nope': create it, or correct the name"
    ]


@pytest.mark.parametrize("created", [False, True], ids=["existing", "of the same program"])
def test_b1_only_a_network_that_the_program_does_not_create_itself_must_exist(created: bool) -> None:
    network = pulumi.Output.from_input("lan") if created else "lan"
    args = server_args({"docker": {"subnet": "172.30.0.0/24", "network": network}})

    (ownership,) = build(lambda: {"http": ConsulServer("s", args).http_addresses}).of("Ownership")

    assert ("existing/lan/172.30.0.0/24" in ownership.inputs["objects"]) is not created

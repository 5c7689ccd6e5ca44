"""A preview refuses settings that cannot work, all at once."""

import pytest
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.e2e import engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory

pytestmark = pytest.mark.e2e


def test_every_mistake_in_the_stack_file_is_shown_and_nothing_is_created(cluster: Factory) -> None:
    made = cluster(
        "mistaken",
        servers=4,
        clients="two",
        datacentre="dc1",
        image="hashicorp/consul",
        seeds={"app": {"name": None}},
    )
    error = made.refused("preview")
    for line in (
        "cluster.datacentre: unknown setting, did you mean datacenter?",
        "cluster.clients: expected a whole number, got 'two'",
        "cluster.servers: expected an odd number from 1 to 7, got 4",
        "cluster.image: expected an exact version or a digest such as hashicorp/consul:1.22.7, got 'hashicorp/consul'",
        "cluster.seeds: key 'app/name' has no value, write '' for an empty one",
    ):
        assert line in error
    assert "Traceback" not in error
    assert engine.orphans(made.name) == {}


def test_name_datacenter_and_subnet_of_a_cluster_cannot_change(calm: Cluster) -> None:
    before, settings = {name: engine.inspect("container", name)["Id"] for name in calm.containers}, calm.settings
    subnet = settings["platform"]["docker"]["subnet"]
    other = engine.free_subnet()
    calm.change(name="renamed", datacenter="moved", platform={"docker": {"subnet": other}})
    try:
        error = calm.refused("preview")
    finally:
        calm.change(name=None)
        calm.change(**settings)
    for path, old, new in (
        ("name", calm.name, "renamed"),
        ("datacenter", "calm", "moved"),
        ("platform.docker.subnet", subnet, other),
    ):
        assert f"cluster.{path}: expected {old!r} as when the cluster was created, got {new!r}" in error
    assert f"Set `name: {calm.name}`" in error
    assert " value {" not in error
    assert "Traceback" not in error
    assert {name: engine.inspect("container", name)["Id"] for name in calm.containers} == before
    assert engine.orphans("renamed") == {}


def test_b1_b7_a_subnet_and_a_port_in_use_are_refused_with_what_uses_them(cluster: Factory) -> None:
    made = cluster("occupied", servers=1)
    subnet = made.settings["platform"]["docker"]["subnet"]
    network, web = f"{made.name}-lan", f"{made.name}-web"
    engine.docker("network", "create", "--label", f"consul.cluster={made.name}", "--subnet", subnet, network)
    try:
        assert f"got {subnet!r}, which overlaps {network} ({subnet}): " in made.refused("preview")
        sleeping = ["--entrypoint", "sleep", DEFAULT_IMAGE, "600"]
        engine.docker("run", "--detach", "--name", web, "--publish", "127.0.0.1::80", *sleeping)
        port = int(engine.docker("port", web, "80/tcp").rpartition(":")[2])
        made.change(platform={"docker": {"subnet": engine.free_subnet(), "http_port": port}})
        assert f"got {port} (tcp) for {made.name}-server-0, used by the container {web}: " in made.refused("preview")
    finally:
        engine.docker("rm", "--force", web)
    assert engine.orphans(made.name) == {"network": [network]}

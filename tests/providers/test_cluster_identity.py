import re
from typing import Any

import pytest
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.choose import BACKENDS, choose
from consul_on_pulumi.providers.cluster_identity import ClusterIdentityProvider
from consul_on_pulumi.server import fixed
from pulumi.runtime.rpc import UNKNOWN

FIXED = {"cluster.name": "dev", "cluster.datacenter": "dc1", "cluster.platform.docker.subnet": "172.30.0.0/24"}


def inputs(servers: int = 3, **changed: str) -> dict[str, Any]:
    return {"servers": servers, "fixed": FIXED | {f"cluster.{key}": value for key, value in changed.items()}}


def test_the_first_size_and_settings_are_noted() -> None:
    result = ClusterIdentityProvider().create(inputs(5))

    assert result.outs is not None
    cluster_id = result.outs["cluster_id"]
    assert (result.id, result.outs) == ("birth", {**inputs(5), "initial_servers": 5, "cluster_id": cluster_id})
    assert re.fullmatch("[0-9a-f]{16}", cluster_id)


def test_no_two_clusters_bear_the_same_mark() -> None:
    one, other = ClusterIdentityProvider().create(inputs()), ClusterIdentityProvider().create(inputs())

    assert one.outs["cluster_id"] != other.outs["cluster_id"]


@pytest.mark.parametrize("news", [inputs(3), inputs(7), {"servers": UNKNOWN, "fixed": FIXED}], ids=str)
def test_no_later_size_is_a_change(news: dict[str, Any]) -> None:
    assert ClusterIdentityProvider().diff("birth", {**inputs(3), "initial_servers": 3}, news).changes is False


def test_a_first_birth_and_an_unchanged_one_are_accepted() -> None:
    for olds in ({}, inputs(5)):
        result = ClusterIdentityProvider().check(olds, inputs(3))

        assert (result.inputs, result.failures) == (inputs(3), [])


def test_another_value_for_what_is_fixed_is_refused_with_both_values() -> None:
    result = ClusterIdentityProvider().check(inputs(), inputs(name="prod", datacenter="east"))

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            path,
            f"{path}: expected {old!r} as when the cluster was made, got {new!r}, which would part the servers from "
            "their data or from each other: put it back, or destroy this cluster first",
        )
        for path, old, new in [("cluster.name", "dev", "prod"), ("cluster.datacenter", "dc1", "east")]
    ]


DOCKER, KUBERNETES = (
    {"cluster.name": "dev", "cluster.platform.docker.subnet": "172.30.0.0/24"},
    {
        "cluster.name": "dev",
        "cluster.platform.kubernetes.namespace": "shop",
        "cluster.platform.kubernetes.storage.storage_class": "the default",
    },
)


@pytest.mark.parametrize(
    ("born", "wanted", "paths"),
    [
        (DOCKER, KUBERNETES, ("cluster.platform.docker", "cluster.platform.kubernetes")),
        (KUBERNETES, DOCKER, ("cluster.platform.kubernetes", "cluster.platform.docker")),
    ],
    ids=["from docker", "from kubernetes"],
)
def test_bug_another_backend_is_refused_once(
    born: dict[str, str], wanted: dict[str, str], paths: tuple[str, str]
) -> None:
    result = ClusterIdentityProvider().check({"servers": 3, "fixed": born}, {"servers": 3, "fixed": wanted})

    before, now = paths
    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            now,
            f"{now}: expected {before} as when the cluster was made, another backend is another cluster with no data "
            "of this one: put it back, or take a snapshot and destroy this cluster first",
        )
    ]


@pytest.mark.parametrize("wanted", [DOCKER, KUBERNETES], ids=["docker", "kubernetes"])
def test_the_same_backend_is_accepted_also_where_it_noted_less(wanted: dict[str, str]) -> None:
    for noted in ({}, {"cluster.name": "dev"}, dict(list(wanted.items())[:2]), wanted):
        assert ClusterIdentityProvider().check({"fixed": noted}, {"fixed": wanted}).failures == []


def test_every_backend_notes_a_path_of_its_own_so_that_another_is_known() -> None:
    topology = Topology(cluster="dev", datacenter="dc1", servers=3, clients=0)
    platforms: dict[str, Any] = {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}}
    assert platforms.keys() == BACKENDS.keys()
    for backend, settings in platforms.items():
        noted = fixed(topology, choose({backend: settings}), "cluster")

        assert any(path.startswith(f"cluster.platform.{backend}.") for path in noted)


def test_what_an_older_version_did_not_note_is_accepted() -> None:
    assert ClusterIdentityProvider().check({"servers": 3, "fixed": {}}, inputs()).failures == []


def test_reading_keeps_what_was_noted() -> None:
    outs = {**inputs(), "initial_servers": 3}

    result = ClusterIdentityProvider().read("birth", outs)

    assert (result.id, result.outs) == ("birth", outs)

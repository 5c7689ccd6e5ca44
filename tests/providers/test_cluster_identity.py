import importlib
import re
from typing import Any

import pytest
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.membership import fixed_settings
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.choose import PLATFORMS, PlatformArgs, choose
from consul_on_pulumi.providers.cluster_identity import ClusterIdentityProvider
from consul_on_pulumi.schema.check import checked
from pulumi.runtime.rpc import UNKNOWN

LOCATION = {"platform": "docker", "cluster": "dev"}
FIXED = {"cluster.name": "dev", "cluster.datacenter": "dc1", "cluster.platform.docker.subnet": "172.30.0.0/24"}


def inputs(servers: int = 3, **changed: str) -> dict[str, Any]:
    return {"servers": servers, "fixed": FIXED | {f"cluster.{key}": value for key, value in changed.items()}}


def test_the_first_size_and_settings_are_recorded() -> None:
    result = ClusterIdentityProvider().create(inputs(5))

    assert result.outs is not None
    cluster_id = result.outs["cluster_id"]
    assert (result.id, result.outs) == ("identity", {**inputs(5), "initial_servers": 5, "cluster_id": cluster_id})
    assert re.fullmatch("[0-9a-f]{16}", cluster_id)


def test_no_two_clusters_have_the_same_id() -> None:
    one, other = ClusterIdentityProvider().create(inputs()), ClusterIdentityProvider().create(inputs())

    assert one.outs["cluster_id"] != other.outs["cluster_id"]


@pytest.mark.parametrize("news", [inputs(3), inputs(7), {"servers": UNKNOWN, "fixed": FIXED}], ids=str)
def test_no_later_size_is_a_change(news: dict[str, Any]) -> None:
    assert ClusterIdentityProvider().diff("identity", {**inputs(3), "initial_servers": 3}, news).changes is False


def test_a_new_cluster_and_an_unchanged_one_are_accepted() -> None:
    for olds in ({}, inputs(5)):
        result = ClusterIdentityProvider().check(olds, inputs(3))

        assert (result.inputs, result.failures) == (inputs(3), [])


def test_b5_another_value_for_what_is_fixed_is_refused_with_both_values() -> None:
    result = ClusterIdentityProvider().check(inputs(), inputs(name="prod", datacenter="east"))

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            "",
            f"{path}: expected {old!r} as when the cluster was created, got {new!r}: the servers would lose their data "
            f"or each other. {fix}, or destroy this cluster first",
        )
        for path, old, new, fix in [
            ("cluster.name", "dev", "prod", "Set `name: dev`"),
            ("cluster.datacenter", "dc1", "east", "Restore the old value"),
        ]
    ]


def test_bug_a_server_tier_alone_is_refused_with_the_name_that_the_setting_has_there() -> None:
    result = ClusterIdentityProvider().check({"fixed": {"server.name": "dev"}}, {"fixed": {"server.name": "prod"}})

    (failure,) = result.failures
    assert failure.reason.startswith("server.cluster: expected 'dev'")
    assert "Set `cluster: dev`" in failure.reason


DOCKER, KUBERNETES = (
    {"cluster.name": "dev", "cluster.platform.docker.subnet": "172.30.0.0/24"},
    {
        "cluster.name": "dev",
        "cluster.platform.kubernetes.namespace": "shop",
        "cluster.platform.kubernetes.storage.storage_class": "the default",
    },
)


@pytest.mark.parametrize(
    ("created", "wanted", "paths"),
    [
        (DOCKER, KUBERNETES, ("cluster.platform.docker", "cluster.platform.kubernetes")),
        (KUBERNETES, DOCKER, ("cluster.platform.kubernetes", "cluster.platform.docker")),
    ],
    ids=["from docker", "from kubernetes"],
)
def test_bug_another_platform_is_refused_once(
    created: dict[str, str], wanted: dict[str, str], paths: tuple[str, str]
) -> None:
    result = ClusterIdentityProvider().check({"servers": 3, "fixed": created}, {"servers": 3, "fixed": wanted})

    before, now = paths
    assert [(failure.property, failure.reason) for failure in result.failures] == [
        (
            "",
            f"{now}: expected {before} as when the cluster was created: a cluster on another platform has none of its "
            "data. Restore the old platform, or take a snapshot and destroy this cluster first",
        )
    ]


@pytest.mark.parametrize("wanted", [DOCKER, KUBERNETES], ids=["docker", "kubernetes"])
def test_the_same_platform_is_accepted_also_with_fewer_recorded_settings(wanted: dict[str, str]) -> None:
    for recorded in ({}, {"cluster.name": "dev"}, dict(list(wanted.items())[:2]), wanted):
        assert ClusterIdentityProvider().check({"fixed": recorded}, {"fixed": wanted}).failures == []


def test_every_platform_records_a_path_with_its_name() -> None:
    topology = Topology(cluster="dev", datacenter="dc1", servers=3, clients=0)
    platforms: dict[str, Any] = {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}}
    assert platforms.keys() == set(PLATFORMS)
    for platform, settings in platforms.items():
        recorded = fixed_settings(
            topology, choose(checked({platform: settings}, PlatformArgs, "platform")[1]), "cluster"
        )

        assert any(path.startswith(f"cluster.platform.{platform}.") for path in recorded)


def test_a_setting_that_was_not_recorded_is_accepted() -> None:
    assert ClusterIdentityProvider().check({"servers": 3, "fixed": {}}, inputs()).failures == []


def test_reading_keeps_the_recorded_values() -> None:
    outs = {**inputs(), "initial_servers": 3}

    result = ClusterIdentityProvider().read("identity", outs)

    assert (result.id, result.outs) == ("identity", outs)


def recorded(**more: Any) -> dict[str, Any]:
    return {**inputs(5), "location": LOCATION, "initial_servers": 5, "cluster_id": "id", **more}


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The volumes that the cluster has on its platform: none."""
    found: list[str] = []
    for platform in ("docker", "kubernetes"):
        operations = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.operations")
        monkeypatch.setattr(operations, "data", lambda _location, _connection: found)
    return found


def test_b1_without_data_nothing_is_fixed_and_everything_is_recorded_again(data: list[str]) -> None:
    provider, news = ClusterIdentityProvider(), {**inputs(3, name="prod"), "location": LOCATION | {"cluster": "prod"}}

    assert provider.check(recorded(), news).failures == []
    assert provider.diff("identity", recorded(), news).changes is True
    assert provider.update("identity", recorded(), news).outs == {**news, "initial_servers": 3, "cluster_id": "id"}


def test_b1_another_size_after_a_failed_first_update_is_the_first_size(data: list[str]) -> None:
    """Otherwise three servers would wait for five."""
    assert ClusterIdentityProvider().diff("identity", recorded(), {**inputs(3), "location": LOCATION}).changes is True


def test_b1_with_data_everything_is_fixed(data: list[str]) -> None:
    data.append("dev-server-0-data")
    news = {**inputs(3, name="prod"), "location": LOCATION}

    assert len(ClusterIdentityProvider().check(recorded(), news).failures) == 1
    assert ClusterIdentityProvider().diff("identity", recorded(), news).changes is False


@pytest.mark.parametrize("error", [UnreachableError("no answer"), RefusedError("forbidden"), None], ids=str)
def test_b1_what_cannot_be_seen_counts_as_data(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    def ask(_location: Any, _connection: Any) -> list[str]:
        assert error
        raise error

    monkeypatch.setattr(importlib.import_module("consul_on_pulumi.platforms.docker.operations"), "data", ask)
    olds = recorded() if error else recorded(location=None)

    assert len(ClusterIdentityProvider().check(olds, {**inputs(3, name="prod"), "location": LOCATION}).failures) == 1
    assert ClusterIdentityProvider().diff("identity", olds, {**inputs(3), "location": LOCATION}).changes is False


@pytest.mark.parametrize(
    ("olds", "data", "refused"),
    [
        ({}, [], False),
        ({}, ["dev-server-0-data"], True),
        (inputs(), ["dev-server-0-data"], True),
        ({**inputs(), "join": ["old"]}, ["dev-server-0-data"], False),
        ({**inputs(), "join": ["other"]}, ["dev-server-0-data"], True),
    ],
)
def test_a_cluster_with_data_joins_no_other_one(
    monkeypatch: pytest.MonkeyPatch, olds: dict[str, Any], data: list[str], refused: bool
) -> None:
    platform = importlib.import_module("consul_on_pulumi.platforms.docker.operations")
    monkeypatch.setattr(platform, "data", lambda _location, _connection: data)
    news = {**inputs(), "location": LOCATION, "join": ["old"]}

    failures = ClusterIdentityProvider().check({**olds, "location": LOCATION} if olds else {}, news).failures

    assert [one.reason.partition(",")[0] for one in failures] == (
        ["cluster.join: expected to be set when the cluster is created"] if refused else []
    )

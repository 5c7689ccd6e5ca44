"""A6: a claim that goes when its pod ends. Such a pod is replaced only if other servers have the data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.providers import doomed_claims, scale_down, server_rollout, voters
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDownProvider
from consul_on_pulumi.platforms.kubernetes.providers.server_rollout import ServerRolloutProvider

from tests.doubles.fake_kubernetes import FakeKubernetes, claim
from tests.doubles.scripted_servers import NAMES, ScriptedServers
from tests.platforms.kubernetes.test_scale_down import props as scale_props
from tests.platforms.kubernetes.test_server_rollout import props

DELETED = {"deletionTimestamp": "2026-11-26T17:00:00Z"}
LOST_WITH_THE_POD = {
    "deleted": claim(0, **DELETED),
    "forced away": None,
    "without a volume": claim(0) | {"status": {"phase": "Lost"}},
    "owned by the pod": claim(0, ownerReferences=[{"kind": "Pod", "name": NAMES[0], "uid": "uid-0-1"}]),
}


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        volume = {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
        running.objects["/api/v1/persistentvolumes/volume-0"] = volume
        yield running


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    scripted = ScriptedServers()

    def restarted(name: str) -> None:
        scripted.names = sorted({*scripted.names, name})

    kubernetes.on_delete = restarted
    for module in (doomed_claims, scale_down, server_rollout, voters):
        monkeypatch.setattr(module, "Servers", lambda *_: scripted)
    return scripted


@pytest.fixture
def lone(servers: ScriptedServers) -> dict[str, Any]:
    """The properties of a single server."""
    servers.names = NAMES[:1]
    return props(names=NAMES[:1], addresses=["http://one"])


def preview(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    return [failure.reason for failure in ServerRolloutProvider().check(olds, news).failures]


@pytest.mark.parametrize("claimed", LOST_WITH_THE_POD.values(), ids=LOST_WITH_THE_POD.keys())
def test_a6_the_only_copy_of_the_data_does_not_go_with_a_pod(
    kubernetes: FakeKubernetes, lone: dict[str, Any], claimed: dict[str, Any] | None
) -> None:
    kubernetes.claims = {"data-dev-server-0": claimed} if claimed else {}
    kubernetes.set_template("new")

    (refused,) = preview(lone, lone | {"spec_hash": "new"})
    with pytest.raises(RolloutStoppedError) as stopped:
        ServerRolloutProvider().update("id", lone, lone | {"spec_hash": "new"})

    assert refused == str(stopped.value)
    assert refused.startswith("claim data-dev-server-0 of namespace dev ")
    assert "what dev-server-0 stores is lost when its pod ends" in refused
    assert "consul-on-pulumi snapshot" in refused
    assert kubernetes.deleted == []


def test_a6_the_refusal_says_what_happens_to_the_volume(kubernetes: FakeKubernetes, lone: dict[str, Any]) -> None:
    kubernetes.claims["data-dev-server-0"] = claim(0, **DELETED)

    (refused,) = preview(lone, lone | {"spec_hash": "new"})

    assert "has been marked for deletion since 2026-11-26T17:00:00Z" in refused
    assert "(volume volume-0, reclaim policy Delete)" in refused


def test_a6_a_preview_without_a_rollout_warns(
    kubernetes: FakeKubernetes, lone: dict[str, Any], warned: list[str]
) -> None:
    kubernetes.claims["data-dev-server-0"] = claim(0, **DELETED)

    assert preview(lone, lone) == []
    assert warned[0].startswith("claim data-dev-server-0 of namespace dev has been marked for deletion")


def test_a6_a_server_whose_data_others_have_is_replaced_with_a_warning(
    kubernetes: FakeKubernetes, servers: ScriptedServers, warned: list[str]
) -> None:
    kubernetes.claims["data-dev-server-1"] = claim(1, **DELETED)
    kubernetes.set_template("new")

    assert preview(props(), props(spec_hash="new")) == []
    ServerRolloutProvider().update("id", props(), props(spec_hash="new"))

    assert warned[0].startswith("claim data-dev-server-1")
    assert kubernetes.deleted == [NAMES[1], NAMES[2], NAMES[0]]


def test_a6_without_a_leader_no_pod_ends_whose_claim_goes_with_it(
    kubernetes: FakeKubernetes, servers: ScriptedServers
) -> None:
    kubernetes.claims["data-dev-server-1"] = claim(1, **DELETED)
    kubernetes.set_template("new")
    servers.leader = None

    assert len(preview(props(), props(spec_hash="new"))) == 1
    with pytest.raises(RolloutStoppedError, match="claim data-dev-server-1"):
        ServerRolloutProvider().update("id", props(), props(spec_hash="new"))
    assert NAMES[1] not in kubernetes.deleted


def test_a6_more_servers_are_the_way_out(kubernetes: FakeKubernetes, lone: dict[str, Any]) -> None:
    kubernetes.claims["data-dev-server-0"] = claim(0, **DELETED)

    assert preview(lone, props(spec_hash="new")) == []


def test_a6_servers_with_the_only_safe_copies_are_not_removed(
    kubernetes: FakeKubernetes, servers: ScriptedServers
) -> None:
    kubernetes.claims["data-dev-server-0"] = claim(0, **DELETED)

    (failure,) = ScaleDownProvider().check(scale_props(3), scale_props(1)).failures
    with pytest.raises(RolloutStoppedError) as stopped:
        ScaleDownProvider().update("id", scale_props(3), scale_props(1))

    assert failure.reason == str(stopped.value)
    assert failure.reason.startswith("claim data-dev-server-0 of namespace dev has been marked for deletion")
    assert kubernetes.scaled == []

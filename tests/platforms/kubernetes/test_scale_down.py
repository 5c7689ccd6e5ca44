"""Servers leave Raft before their pods are deleted: scripted servers and a fake API server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.providers import scale_down
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDownProvider

from tests.doubles.fake_kubernetes import FakeKubernetes, pod
from tests.doubles.scripted_servers import ScriptedServers

FIVE = [f"dev-server-{ordinal}" for ordinal in range(5)]


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    """Five pods, each with its claim."""
    pods = {name: pod(ordinal) for ordinal, name in enumerate(FIVE)}
    claims: dict[str, Any] = {
        f"data-{name}": {"metadata": {"name": f"data-{name}", "uid": f"uid-of-{name}"}} for name in FIVE
    }
    with FakeKubernetes(replicas=5, pods=pods, claims=claims) as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    scripted = ScriptedServers()
    scripted.names = list(FIVE)
    scripted.applied = dict.fromkeys(FIVE, 100)
    scripted.known_by = {name: set(FIVE) for name in FIVE}
    monkeypatch.setattr(scale_down, "Servers", lambda *_: scripted)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    monkeypatch.setattr(scale_down, "INTERVAL", 0.0)
    monkeypatch.setattr(scale_down, "TIMEOUT", 0.2)
    return scripted


def props(replicas: int, **more: Any) -> dict[str, Any]:
    return {
        "replicas": float(replicas),
        "address": "http+kubernetes://_/dev/{pod}:8500",
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    } | more


def shrink(replicas: int = 3) -> None:
    ScaleDownProvider().update("id", props(5), props(replicas))


def raft_steps(servers: ScriptedServers) -> list[tuple[str, ...]]:
    return [step for step in servers.done if step[0] in ("transfer", "leave")]


def test_servers_leave_one_at_a_time_highest_ordinal_first_then_pod_and_claim_are_deleted(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    shrink()

    assert raft_steps(servers) == [("leave", FIVE[4]), ("leave", FIVE[3])]
    assert kubernetes.scaled == [4, 3]
    assert sorted(kubernetes.pods) == FIVE[:3]
    assert sorted(kubernetes.claims) == [f"data-{name}" for name in FIVE[:3]]
    # Every agent removes the member from its list after its pod was deleted.
    assert {step[2] for step in servers.done if step[0] == "force-leave"} == {FIVE[3], FIVE[4]}


def test_a_leader_transfers_leadership_before_it_leaves(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    servers.leader = FIVE[4]

    shrink()

    assert raft_steps(servers)[:2] == [("transfer", FIVE[4], FIVE[0], f"id-of-{FIVE[0]}"), ("leave", FIVE[4])]


def test_a_server_that_is_down_is_removed_without_leaving(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    servers.down.add(FIVE[4])

    shrink()

    assert raft_steps(servers) == [("leave", FIVE[3])]
    assert kubernetes.scaled == [4, 3]
    assert FIVE[4] not in servers.names


def test_a_server_stays_if_the_others_have_no_quorum_without_it(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    servers.down = {FIVE[0], FIVE[1]}
    servers.leader = FIVE[2]

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "without dev-server-4 the rest would have no quorum: repair the other servers first"
    assert (kubernetes.scaled, raft_steps(servers)) == ([], [])


def test_a_server_that_does_not_leave_keeps_its_pod(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    servers.ignores_requests = True

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "dev-server-4 did not leave Raft and was not removed: run `pulumi up` again"
    assert kubernetes.scaled == []


def test_the_next_server_does_not_leave_before_the_last_pod_is_deleted(
    servers: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "_scale", kubernetes.scaled.append)

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "the pod or the claim of dev-server-4 still exists after 0 s: run `pulumi up` again"
    assert kubernetes.scaled == [4]


def test_an_interrupted_scale_down_is_continued(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes._scale(4)
    kubernetes.scaled.clear()
    servers.names.remove(FIVE[4])

    shrink()

    assert raft_steps(servers) == [("leave", FIVE[3])]
    assert kubernetes.scaled == [3]


def test_a_claim_that_an_interrupted_scale_down_left_is_deleted_by_the_next_one(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes._scale(3)
    kubernetes.scaled.clear()
    assert len(kubernetes.claims) == 5, "somebody who scales by hand loses nothing"

    shrink()

    assert sorted(kubernetes.claims) == [f"data-{name}" for name in FIVE[:3]]
    assert kubernetes.scaled == []


def test_no_claim_of_a_server_that_stays_is_deleted_though_somebody_scaled_its_pod_away(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes._scale(0)

    shrink()

    assert sorted(kubernetes.claims) == [f"data-{name}" for name in FIVE[:3]]


@pytest.mark.parametrize("replicas", [5, 7])
def test_scaling_up_removes_nothing(servers: ScriptedServers, kubernetes: FakeKubernetes, replicas: int) -> None:
    ScaleDownProvider().update("id", props(3), props(replicas))
    ScaleDownProvider().create(props(replicas))

    assert (servers.done, kubernetes.scaled) == ([], [])


@pytest.mark.parametrize(
    ("change", "changes"),
    [({}, False), ({"replicas": 3.0}, True), ({"replicas": 7.0}, True), ({"revision": 2}, True)],
    ids=str,
)
def test_another_size_is_an_update(kubernetes: FakeKubernetes, change: dict[str, Any], changes: bool) -> None:
    assert ScaleDownProvider().diff("id", props(5), props(5) | change).changes is changes


def test_bug_replicas_that_somebody_else_added_are_an_update(kubernetes: FakeKubernetes) -> None:
    assert ScaleDownProvider().diff("id", props(3), props(3)).changes is True

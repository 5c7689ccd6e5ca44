"""How servers leave before their pods do, with servers and an API server played by hand."""

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
    claims: dict[str, Any] = {f"data-{name}": {"metadata": {"name": f"data-{name}"}} for name in FIVE}
    with FakeKubernetes(replicas=5, pods=pods, claims=claims) as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    servers = ScriptedServers()
    servers.names = list(FIVE)
    servers.applied = dict.fromkeys(FIVE, 100)
    servers.known_by = {name: set(FIVE) for name in FIVE}
    monkeypatch.setattr(scale_down, "Servers", lambda _names, addresses: servers)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    monkeypatch.setattr(scale_down, "INTERVAL", 0.0)
    monkeypatch.setattr(scale_down, "TIMEOUT", 0.2)
    return servers


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


def left(played: ScriptedServers) -> list[tuple[str, ...]]:
    return [step for step in played.done if step[0] in ("transfer", "leave")]


def test_servers_leave_one_at_a_time_highest_first_and_their_pods_and_claims_follow(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    shrink()

    assert left(played) == [("leave", FIVE[4]), ("leave", FIVE[3])]
    assert kubernetes.scaled == [4, 3]
    assert sorted(kubernetes.pods) == FIVE[:3]
    assert sorted(kubernetes.claims) == [f"data-{name}" for name in FIVE[:3]]
    # What still is a member in somebody's list is forgotten, once its pod is gone.
    assert {step[2] for step in played.done if step[0] == "force-leave"} == {FIVE[3], FIVE[4]}


def test_a_leader_hands_over_before_it_leaves(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    played.leader = FIVE[4]

    shrink()

    assert left(played)[:2] == [("transfer", FIVE[4], FIVE[0], f"id-of-{FIVE[0]}"), ("leave", FIVE[4])]


def test_a_server_that_is_down_is_not_asked_to_leave_and_goes_all_the_same(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    played.down.add(FIVE[4])

    shrink()

    assert left(played) == [("leave", FIVE[3])]
    assert kubernetes.scaled == [4, 3]
    assert FIVE[4] not in played.names


def test_servers_that_the_rest_cannot_do_without_stay(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    played.down = {FIVE[0], FIVE[1]}
    played.leader = FIVE[2]

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "without dev-server-4 the rest would have no quorum: repair the other servers first"
    assert (kubernetes.scaled, left(played)) == ([], [])


def test_a_server_that_does_not_leave_keeps_its_pod(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    played.ignores_requests = True

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "dev-server-4 did not leave Raft and was not removed: run `pulumi up` again"
    assert kubernetes.scaled == []


def test_a_pod_that_does_not_end_stops_the_next_from_leaving(
    played: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "_scale", kubernetes.scaled.append)

    with pytest.raises(RolloutStoppedError) as caught:
        shrink()

    assert str(caught.value) == "the pod or the claim of dev-server-4 still exists after 0 s: run `pulumi up` again"
    assert kubernetes.scaled == [4]


def test_what_was_interrupted_goes_on_from_there(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes._scale(4)
    kubernetes.scaled.clear()
    played.names.remove(FIVE[4])

    shrink()

    assert left(played) == [("leave", FIVE[3])]
    assert kubernetes.scaled == [3]


@pytest.mark.parametrize("replicas", [5, 7])
def test_growing_asks_nobody(played: ScriptedServers, kubernetes: FakeKubernetes, replicas: int) -> None:
    ScaleDownProvider().update("id", props(3), props(replicas))
    ScaleDownProvider().create(props(replicas))

    assert (played.done, kubernetes.scaled) == ([], [])


@pytest.mark.parametrize(
    ("change", "changes"),
    [({}, False), ({"replicas": 3.0}, True), ({"replicas": 7.0}, True), ({"revision": 2}, True)],
    ids=str,
)
def test_another_size_is_a_change(kubernetes: FakeKubernetes, change: dict[str, Any], changes: bool) -> None:
    assert ScaleDownProvider().diff("id", props(5), props(5) | change).changes is changes


def test_bug_pods_that_somebody_else_added_leave_in_good_order_too(kubernetes: FakeKubernetes) -> None:
    assert ScaleDownProvider().diff("id", props(3), props(3)).changes is True

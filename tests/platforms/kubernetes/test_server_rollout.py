"""How pods are replaced one at a time, with servers and an API server played by hand. Real Raft is for a cluster."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.pod_status import pod_of
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet
from consul_on_pulumi.platforms.kubernetes.providers import pod_readiness, server_rollout, voters
from consul_on_pulumi.platforms.kubernetes.providers.server_rollout import ServerRolloutProvider
from consul_on_pulumi.platforms.kubernetes.providers.voters import VotersProvider
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_kubernetes import FakeKubernetes, waiting
from tests.doubles.scripted_servers import NAMES, ScriptedServers

STOPPED = (
    ": the rollout stops here, no further server was touched and the others keep the quorum. "
    "Its log says why; correct the settings and run `pulumi up` again"
)


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    """Three servers, of which server 0 leads; one whose pod is replaced is back at once, unless told otherwise."""
    servers = ScriptedServers()

    def back(name: str) -> None:
        servers.done.append(("delete", name))
        servers.names = sorted({*servers.names, name})

    kubernetes.on_delete = back
    for module in (server_rollout, voters):
        monkeypatch.setattr(module, "Servers", lambda _names, _addresses: servers)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    for module in (pod_readiness, server_rollout):
        monkeypatch.setattr(module, "INTERVAL", 0.0)
        monkeypatch.setattr(module, "TIMEOUT", 1.0)
    monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 0.05)
    return servers


def props(**more: Any) -> dict[str, Any]:
    return {
        "names": NAMES,
        "addresses": ["http://one", "http://two", "http://three"],
        "spec_hash": "old",
        "image": "hashicorp/consul:1.20.6",
        "configuration": {"agent.json": "{}"},
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    } | more


def roll(spec_hash: str = "new") -> dict[str, Any]:
    outs: dict[str, Any] = ServerRolloutProvider().update("id", props(), props(spec_hash=spec_hash)).outs
    return outs


def stopped() -> str:
    with pytest.raises(RolloutStoppedError) as caught:
        roll()
    return str(caught.value)


def test_followers_are_replaced_first_and_the_leader_last_after_it_handed_over(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")

    assert roll() == props(spec_hash="new")
    assert played.done == [
        ("leave", NAMES[1]),
        ("delete", NAMES[1]),
        ("leave", NAMES[2]),
        ("delete", NAMES[2]),
        ("transfer", NAMES[0], NAMES[1], f"id-of-{NAMES[1]}"),
        ("leave", NAMES[0]),
        ("delete", NAMES[0]),
    ]


def test_a_server_that_does_not_leave_keeps_its_pod(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.rolls_to("new")
    played.ignores_requests = True

    assert stopped() == "dev-server-1 did not leave Raft and was not replaced: run `pulumi up` again"
    assert kubernetes.deleted == []


def test_a_lone_server_is_replaced_without_leaving(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.rolls_to("new")
    played.names = NAMES[:1]

    ServerRolloutProvider().update("id", props(names=NAMES[:1]), props(names=NAMES[:1], spec_hash="new"))

    assert played.done == [("delete", NAMES[0])]


def test_at_the_birth_of_a_cluster_no_pod_is_replaced_and_nothing_waited_for(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    played.down = set(NAMES)
    played.leader = None

    result = ServerRolloutProvider().create(props())

    assert (result.id, result.outs) == ("dev-server", props())
    assert played.done == []


def test_at_the_birth_of_a_cluster_all_votes_are_waited_for(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    played.down = set(NAMES)
    played.leader = None
    looks = iter(range(10))
    view = played.view

    def later() -> Any:
        if next(looks) == 3:
            played.down, played.leader = set(), NAMES[2]
        return view()

    played.view = later  # type: ignore[method-assign]

    result = VotersProvider().create(props())

    assert (result.id, result.outs) == ("dev-server", props())
    assert played.done == []


def test_servers_are_waited_for_while_the_api_server_is_away(
    played: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.refusals["GET", "/api/v1/namespaces/dev/pods"] = (503, "etcd is away")
    monkeypatch.setattr(pod_readiness.time, "sleep", lambda _seconds: kubernetes.refusals.clear())

    assert VotersProvider().create(props()).id == "dev-server"


def test_a_birth_that_fails_says_why(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.pods[NAMES[2]] = waiting(kubernetes.pods[NAMES[2]], "ImagePullBackOff", "no such image")
    played.down.add(NAMES[2])

    with pytest.raises(RolloutStoppedError) as caught:
        VotersProvider().create(props())

    assert str(caught.value) == (
        "dev-server-2 does not answer (ImagePullBackOff: no such image). Correct the settings and run `pulumi up` again"
    )


def test_votes_are_waited_for_once(played: ScriptedServers) -> None:
    assert VotersProvider().diff("id", props(), props(names=NAMES[:1], addresses=UNKNOWN)).changes is False


def test_a_pod_that_is_what_it_should_be_is_left_alone(played: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.rolls_to("new")
    kubernetes._delete_pod(NAMES[1], kubernetes.pods[NAMES[1]])
    played.done.clear()

    roll()

    assert [name for step, name, *_ in played.done if step == "delete"] == [NAMES[2], NAMES[0]]


def test_a_pod_that_does_not_run_is_replaced_first_and_without_asking_the_others(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    kubernetes.pods[NAMES[2]] = waiting(kubernetes.pods[NAMES[2]], "ImagePullBackOff", "no such image")
    played.down.add(NAMES[2])
    back = kubernetes.on_delete
    kubernetes.on_delete = lambda name: (back(name), played.down.discard(name))

    roll()

    assert [step[:2] for step in played.done if step[0] != "transfer"] == [
        ("delete", NAMES[2]),
        ("leave", NAMES[1]),
        ("delete", NAMES[1]),
        ("leave", NAMES[0]),
        ("delete", NAMES[0]),
    ]


def test_bug_a_server_that_only_does_not_answer_is_no_loss_while_kubernetes_calls_it_ready(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    played.down.add(NAMES[2])

    assert stopped().startswith(f"{NAMES[2]} does not answer: {NAMES[1]} was not touched")
    assert kubernetes.deleted == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda played: played.non_voters.add(NAMES[2]), "dev-server-2 is not a voter at dev-server-2:8300"),
        (lambda played: played.applied.update({NAMES[2]: 99}), "dev-server-2 has applied 99 of 100 entries"),
    ],
    ids=["no voter", "behind"],
)
def test_no_pod_is_touched_while_another_server_is_in_trouble(
    played: ScriptedServers, kubernetes: FakeKubernetes, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    kubernetes.rolls_to("new")
    problem(played)

    assert stopped() == (
        f"{reason}: dev-server-1 was not touched, so the quorum stands. Repair that server and run `pulumi up` again"
    )
    assert kubernetes.deleted == []


def test_a_pod_that_does_not_come_back_stops_the_roll_with_kubernetes_words(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    kubernetes.on_delete = played.down.add
    kubernetes.remake = lambda _name, fresh: waiting(fresh, "ImagePullBackOff", 'Back-off pulling image "consul:9"')

    assert stopped() == f'dev-server-1 does not answer (ImagePullBackOff: Back-off pulling image "consul:9"){STOPPED}'
    assert kubernetes.deleted == [NAMES[1]]


def test_an_agent_that_crashes_is_quoted_with_its_last_words(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    kubernetes.on_delete = played.down.add

    def crashing(_name: str, fresh: dict[str, Any]) -> dict[str, Any]:
        container = {
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting"}},
            "lastState": {"terminated": {"exitCode": 1, "message": "==> start\n==> bad config: invalid key\n"}},
        }
        return fresh | {"status": {"containerStatuses": [container]}}

    kubernetes.remake = crashing

    assert "(CrashLoopBackOff: ==> start / ==> bad config: invalid key)" in stopped()


def test_an_agent_that_crashes_again_and_again_is_not_waited_for_though_it_runs_in_between(
    played: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 60.0)
    monkeypatch.setattr(pod_readiness, "TIMEOUT", 60.0)
    kubernetes.rolls_to("new")
    kubernetes.on_delete = played.down.add
    looks: list[int] = []
    running = {"state": {"running": {}}, "restartCount": 1}
    held_back = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}

    def crashing(name: str, fresh: dict[str, Any]) -> dict[str, Any]:
        def looked(of: StatefulSet, names: Any) -> Any:
            looks.append(1)
            states = [held_back | {"restartCount": 1}, running, held_back | {"restartCount": 2}]
            state = states[min(len(looks) // 2, 2)]
            kubernetes.pods[name] = fresh | {"status": {"containerStatuses": [state]}}
            return look(of, names)

        look = StatefulSet.pods
        monkeypatch.setattr(StatefulSet, "pods", looked)
        return fresh

    kubernetes.remake = crashing

    assert "dev-server-1 does not answer (CrashLoopBackOff: back-off)" in stopped()
    assert len(looks) < 10


def test_a_pod_that_crashed_before_it_was_deleted_does_not_stop_the_roll_that_mends_it(
    played: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.rolls_to("new")
    played.down.add(NAMES[1])
    crashing = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "restartCount": 7}
    kubernetes.pods[NAMES[1]] |= {"status": {"containerStatuses": [crashing]}}
    kubernetes.pods[NAMES[1]]["metadata"]["labels"]["controller-revision-hash"] = "bad"
    old = dict(kubernetes.pods[NAMES[1]])
    looks: list[int] = []
    look = StatefulSet.pods

    def ending(of: StatefulSet, names: Any) -> Any:
        """The old pod is still there at the first looks after its deletion."""
        found = look(of, names)
        if NAMES[1] in kubernetes.deleted and len(looks) < 3:
            looks.append(1)
            found[NAMES[1]] = pod_of(old)
        else:
            played.down.discard(NAMES[1])
        return found

    monkeypatch.setattr(StatefulSet, "pods", ending)

    assert roll() == props(spec_hash="new")
    assert looks


def test_a_pod_that_no_node_takes_is_waited_for_and_then_explained(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    kubernetes.on_delete = played.down.add
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes fit"}
    kubernetes.remake = lambda _name, fresh: fresh | {"status": {"conditions": [condition]}}

    assert stopped().startswith("dev-server-1 does not answer (Unschedulable: 0/1 nodes fit): the rollout stops here")


def test_a_pod_that_the_controller_cannot_make_is_explained_by_its_events(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    kubernetes.remake = lambda _name, _fresh: None
    kubernetes.events = [
        {"reason": "Old", "message": "long ago", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"reason": "FailedCreate", "message": "exceeded quota", "lastTimestamp": "2026-01-02T00:00:00Z"},
    ]

    assert stopped().startswith("dev-server-1 has no pod (FailedCreate: exceeded quota): the rollout stops here")


def test_without_a_leader_the_roll_goes_on_as_long_as_servers_answer(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("new")
    played.leader = None
    back = kubernetes.on_delete

    def elect(name: str) -> None:
        back(name)
        played.leader = NAMES[0] if name == NAMES[1] else played.leader

    kubernetes.on_delete = elect

    roll()

    assert kubernetes.deleted == [NAMES[0], NAMES[1], NAMES[2]]


def test_a_roll_waits_until_the_controller_knows_what_to_make(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.generation = 2

    assert stopped() == (
        "the controller has not seen the last change of StatefulSet dev-server for 1 s: no pod was replaced"
    )


def test_a_pod_that_is_made_anew_and_still_is_not_what_the_settings_say_is_not_replaced_for_ever(
    played: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.rolls_to("of somebody else")

    assert stopped() == (
        "dev-server-1 was replaced and still differs from the settings: somebody else changed the StatefulSet, "
        "so run `pulumi refresh` and `pulumi up`"
    )
    assert kubernetes.deleted == [NAMES[1]]


def test_a_pod_that_somebody_replaced_meanwhile_is_not_deleted_again(kubernetes: FakeKubernetes) -> None:
    kubernetes._delete_pod(NAMES[1], kubernetes.pods[NAMES[1]])

    StatefulSet(props()).delete_pod(NAMES[1], "uid-1-1")

    assert kubernetes.deleted == [NAMES[1]]
    assert kubernetes.pods[NAMES[1]]["metadata"]["uid"] == "uid-1-2"


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"addresses": ["http://other"]}, False),
        ({"image": "same:digest"}, False),
        ({"spec_hash": "new"}, True),
        ({"spec_hash": UNKNOWN}, True),
        ({"names": NAMES[:1]}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_a_roll_is_due_when_the_servers_are_to_change(
    kubernetes: FakeKubernetes, change: dict[str, Any], changes: bool
) -> None:
    result = ServerRolloutProvider().diff("id", props(), props(**change))

    assert result.changes is changes
    assert not result.replaces


def test_a_roll_is_due_where_an_earlier_one_did_not_reach_every_pod(kubernetes: FakeKubernetes) -> None:
    kubernetes.rolls_to("new")

    assert ServerRolloutProvider().diff("id", props(), props()).changes is True


def test_a_roll_is_due_where_the_settings_went_back_after_one_that_failed(kubernetes: FakeKubernetes) -> None:
    kubernetes.rolls_to("new")
    for name in NAMES:
        kubernetes._delete_pod(name, kubernetes.pods[name])

    assert ServerRolloutProvider().diff("id", props(), props()).changes is True


def test_without_an_api_server_nothing_is_known_to_be_due(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(kubeconfig, "_loaded", {})

    assert ServerRolloutProvider().diff("id", props(), props()).changes is False

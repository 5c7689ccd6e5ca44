"""Pods are replaced one at a time: scripted servers and a fake API server. Tests on a cluster have real Raft."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul import rollout
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.pod_status import pod_of
from consul_on_pulumi.platforms.kubernetes.api.stateful_set import StatefulSet
from consul_on_pulumi.platforms.kubernetes.providers import outdated_pods, pod_readiness, server_rollout, voters
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
def servers(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    """Three servers; server 0 leads. A server whose pod is replaced is a voter again at once."""
    scripted = ScriptedServers()

    def restarted(name: str) -> None:
        scripted.done.append(("delete", name))
        scripted.names = sorted({*scripted.names, name})

    kubernetes.on_delete = restarted
    for module in (server_rollout, voters):
        monkeypatch.setattr(module, "Servers", lambda *_: scripted)
    monkeypatch.setattr(rollout, "CLIENTS_FOLLOW", 0.0)
    for module in (pod_readiness, outdated_pods):
        monkeypatch.setattr(module, "INTERVAL", 0.0)
        monkeypatch.setattr(module, "TIMEOUT", 1.0)
    monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 0.05)
    return scripted


def props(**more: Any) -> dict[str, Any]:
    return {
        "names": NAMES,
        "addresses": ["http://one", "http://two", "http://three"],
        "spec_hash": "old",
        "image": "hashicorp/consul:1.22.7",
        "configuration": {"agent.json": "{}"},
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    } | more


def run_rollout(spec_hash: str = "new") -> dict[str, Any]:
    outs: dict[str, Any] = ServerRolloutProvider().update("id", props(), props(spec_hash=spec_hash)).outs
    return outs


def stopped() -> str:
    with pytest.raises(RolloutStoppedError) as caught:
        run_rollout()
    return str(caught.value)


def test_followers_are_replaced_first_and_the_leader_last_after_a_leadership_transfer(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")

    assert run_rollout() == props(spec_hash="new", version="uid-of-set/2")
    assert servers.done == [
        ("leave", NAMES[1]),
        ("delete", NAMES[1]),
        ("leave", NAMES[2]),
        ("delete", NAMES[2]),
        ("transfer", NAMES[0], NAMES[1], f"id-of-{NAMES[1]}"),
        ("leave", NAMES[0]),
        ("delete", NAMES[0]),
    ]


def test_a_server_that_does_not_leave_keeps_its_pod(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.set_template("new")
    servers.ignores_requests = True

    assert stopped() == "dev-server-1 did not leave Raft and was not replaced: run `pulumi up` again"
    assert kubernetes.deleted == []


def test_a_single_server_is_replaced_without_leaving(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.set_template("new")
    servers.names = NAMES[:1]

    ServerRolloutProvider().update("id", props(names=NAMES[:1]), props(names=NAMES[:1], spec_hash="new"))

    assert servers.done == [("delete", NAMES[0])]


def test_in_a_new_cluster_no_pod_is_replaced_or_waited_for(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    servers.down = set(NAMES)
    servers.leader = None

    result = ServerRolloutProvider().create(props())

    assert (result.id, result.outs) == ("dev-server", props(version="uid-of-set/1"))
    assert servers.done == []


def test_in_a_new_cluster_all_servers_must_become_voters(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    servers.down = set(NAMES)
    servers.leader = None
    views = iter(range(10))
    view = servers.view

    def later() -> Any:
        if next(views) == 3:
            servers.down, servers.leader = set(), NAMES[2]
        return view()

    servers.view = later  # type: ignore[method-assign]

    result = VotersProvider().create(props())

    assert (result.id, result.outs) == ("dev-server", props())
    assert servers.done == []


def test_waiting_continues_while_the_api_server_does_not_answer(
    servers: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.refusals["GET", "/api/v1/namespaces/dev/pods"] = (503, "etcd is away")
    monkeypatch.setattr(pod_readiness.time, "sleep", lambda _seconds: kubernetes.refusals.clear())

    assert VotersProvider().create(props()).id == "dev-server"


def test_a_new_cluster_that_fails_reports_the_reason(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.pods[NAMES[2]] = waiting(kubernetes.pods[NAMES[2]], "ImagePullBackOff", "no such image")
    servers.down.add(NAMES[2])

    with pytest.raises(RolloutStoppedError) as caught:
        VotersProvider().create(props())

    assert str(caught.value) == (
        "dev-server-2 does not answer (ImagePullBackOff: no such image). Correct the settings and run `pulumi up` again"
    )


def test_voters_are_waited_for_only_once(servers: ScriptedServers) -> None:
    assert VotersProvider().diff("id", props(), props(names=NAMES[:1], addresses=UNKNOWN)).changes is False


def test_an_up_to_date_pod_is_not_replaced(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    kubernetes.set_template("new")
    kubernetes._delete_pod(NAMES[1], kubernetes.pods[NAMES[1]])
    servers.done.clear()

    run_rollout()

    assert [name for step, name, *_ in servers.done if step == "delete"] == [NAMES[2], NAMES[0]]


def test_a_pod_that_does_not_run_is_replaced_first_and_without_leaving(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    kubernetes.pods[NAMES[2]] = waiting(kubernetes.pods[NAMES[2]], "ImagePullBackOff", "no such image")
    servers.down.add(NAMES[2])
    restarted = kubernetes.on_delete
    kubernetes.on_delete = lambda name: (restarted(name), servers.down.discard(name))

    run_rollout()

    assert [step[:2] for step in servers.done if step[0] != "transfer"] == [
        ("delete", NAMES[2]),
        ("leave", NAMES[1]),
        ("delete", NAMES[1]),
        ("leave", NAMES[0]),
        ("delete", NAMES[0]),
    ]


def test_bug_a_server_that_does_not_answer_is_not_treated_as_down_while_its_pod_is_ready(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    servers.down.add(NAMES[2])

    assert stopped().startswith(f"{NAMES[2]} does not answer: {NAMES[1]} was not touched")
    assert kubernetes.deleted == []


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (
            lambda servers: servers.non_voters.add(NAMES[2]),
            "dev-server-2 is not a voter at dev-server-2:8300 (it is a Raft peer of the leader dev-server-0, without a "
            "vote yet)",
        ),
        (lambda servers: servers.applied.update({NAMES[2]: 99}), "dev-server-2 has applied 99 of 100 entries"),
    ],
    ids=["no voter", "not caught up"],
)
def test_no_pod_is_replaced_while_another_server_is_not_ready(
    servers: ScriptedServers, kubernetes: FakeKubernetes, problem: Callable[[ScriptedServers], object], reason: str
) -> None:
    kubernetes.set_template("new")
    problem(servers)

    assert stopped() == (
        f"{reason}: dev-server-1 was not touched, so the quorum stands. Repair that server and run `pulumi up` again"
    )
    assert kubernetes.deleted == []


def test_a_new_pod_that_does_not_run_stops_the_rollout_with_the_reason_of_kubernetes(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    kubernetes.on_delete = servers.down.add
    kubernetes.remake = lambda _name, fresh: waiting(fresh, "ImagePullBackOff", 'Back-off pulling image "consul:9"')

    assert stopped() == f'dev-server-1 does not answer (ImagePullBackOff: Back-off pulling image "consul:9"){STOPPED}'
    assert kubernetes.deleted == [NAMES[1]]


def test_the_last_log_lines_of_an_agent_that_crashes_are_reported(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    kubernetes.on_delete = servers.down.add

    def crashing(_name: str, fresh: dict[str, Any]) -> dict[str, Any]:
        container = {
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting"}},
            "lastState": {"terminated": {"exitCode": 1, "message": "==> start\n==> bad config: invalid key\n"}},
        }
        return fresh | {"status": {"containerStatuses": [container]}}

    kubernetes.remake = crashing

    assert "(CrashLoopBackOff: ==> start / ==> bad config: invalid key)" in stopped()


def test_an_agent_in_a_crash_loop_is_not_waited_for_even_if_it_runs_in_between(
    servers: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 60.0)
    monkeypatch.setattr(pod_readiness, "TIMEOUT", 60.0)
    kubernetes.set_template("new")
    kubernetes.on_delete = servers.down.add
    requests: list[int] = []
    running = {"state": {"running": {}}, "restartCount": 1}
    backing_off = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}

    def crashing(name: str, fresh: dict[str, Any]) -> dict[str, Any]:
        def changing(of: StatefulSet, names: Any) -> Any:
            requests.append(1)
            states = [backing_off | {"restartCount": 1}, running, backing_off | {"restartCount": 2}]
            state = states[min(len(requests) // 2, 2)]
            kubernetes.pods[name] = fresh | {"status": {"containerStatuses": [state]}}
            return pods(of, names)

        pods = StatefulSet.pods
        monkeypatch.setattr(StatefulSet, "pods", changing)
        return fresh

    kubernetes.remake = crashing

    assert "dev-server-1 does not answer (CrashLoopBackOff: back-off)" in stopped()
    assert len(requests) < 10


def test_crashes_of_the_old_pod_do_not_stop_the_rollout_that_replaces_it(
    servers: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.set_template("new")
    servers.down.add(NAMES[1])
    crashing = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "restartCount": 7}
    kubernetes.pods[NAMES[1]] |= {"status": {"containerStatuses": [crashing]}}
    kubernetes.pods[NAMES[1]]["metadata"]["labels"]["controller-revision-hash"] = "bad"
    old = dict(kubernetes.pods[NAMES[1]])
    requests: list[int] = []
    pods = StatefulSet.pods

    def terminating(of: StatefulSet, names: Any) -> Any:
        """The old pod still exists in the first requests after its deletion."""
        found = pods(of, names)
        if NAMES[1] in kubernetes.deleted and len(requests) < 3:
            requests.append(1)
            found[NAMES[1]] = pod_of(old)
        else:
            servers.down.discard(NAMES[1])
        return found

    monkeypatch.setattr(StatefulSet, "pods", terminating)

    assert run_rollout() == props(spec_hash="new", version="uid-of-set/2")
    assert requests


def test_an_unschedulable_pod_is_waited_for_and_then_reported(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    kubernetes.on_delete = servers.down.add
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes fit"}
    kubernetes.remake = lambda _name, fresh: fresh | {"status": {"conditions": [condition]}}

    assert stopped().startswith("dev-server-1 does not answer (Unschedulable: 0/1 nodes fit): the rollout stops here")


def test_events_explain_a_pod_that_the_controller_cannot_create(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    kubernetes.remake = lambda _name, _fresh: None
    kubernetes.events = [
        {"reason": "Old", "message": "long ago", "lastTimestamp": "2026-01-01T00:00:00Z"},
        {"reason": "FailedCreate", "message": "exceeded quota", "lastTimestamp": "2026-01-02T00:00:00Z"},
    ]

    assert stopped().startswith("dev-server-1 has no pod (FailedCreate: exceeded quota): the rollout stops here")


def test_without_a_leader_the_rollout_continues_while_servers_answer(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    servers.leader = None
    restarted = kubernetes.on_delete

    def elect(name: str) -> None:
        restarted(name)
        servers.leader = NAMES[0] if name == NAMES[1] else servers.leader

    kubernetes.on_delete = elect

    run_rollout()

    assert kubernetes.deleted == [NAMES[0], NAMES[1], NAMES[2]]


def test_a_rollout_waits_until_the_controller_has_seen_the_change(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.generation = 2

    assert stopped() == (
        "the controller has not seen the last change of StatefulSet dev-server for 1 s: no pod was replaced"
    )


def test_a_replaced_pod_that_still_differs_stops_the_rollout(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("of somebody else")

    assert stopped() == (
        "dev-server-1 was replaced and still differs from the settings: somebody else changed the StatefulSet, "
        "so run `pulumi refresh` and `pulumi up`"
    )
    assert kubernetes.deleted == [NAMES[1]]


def test_a_pod_that_somebody_else_replaced_is_not_deleted_again(kubernetes: FakeKubernetes) -> None:
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
def test_another_specification_or_size_is_an_update(
    kubernetes: FakeKubernetes, change: dict[str, Any], changes: bool
) -> None:
    result = ServerRolloutProvider().diff("id", props(), props(**change))

    assert result.changes is changes
    assert not result.replaces


def test_an_outdated_pod_of_an_earlier_rollout_is_an_update(kubernetes: FakeKubernetes) -> None:
    kubernetes.set_template("new")
    known = props(spec_hash="new")

    assert ServerRolloutProvider().diff("id", known, known).changes is True


def test_a_pod_from_a_template_that_somebody_changed_is_an_update(kubernetes: FakeKubernetes) -> None:
    kubernetes.revision = "dev-server-edited"

    assert ServerRolloutProvider().diff("id", props(), props()).changes is True


def test_reverted_settings_after_a_failed_rollout_are_an_update(kubernetes: FakeKubernetes) -> None:
    kubernetes.set_template("new")
    for name in NAMES:
        kubernetes._delete_pod(name, kubernetes.pods[name])

    assert ServerRolloutProvider().diff("id", props(), props()).changes is True


def test_without_an_api_server_there_is_no_update(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(kubeconfig, "_loaded", {})

    assert ServerRolloutProvider().diff("id", props(), props()).changes is False


@pytest.mark.parametrize("refused", ["/apis/apps/v1/", "/api/v1/"])
def test_a5_a_preview_that_may_not_look_says_so(kubernetes: FakeKubernetes, warned: list[str], refused: str) -> None:
    kubernetes.refusals["GET", refused] = (403, "forbidden to you")

    assert ServerRolloutProvider().diff("id", props(), props()).changes is False
    start, _, answer = warned[0].partition(f"the Kubernetes API server answered GET {refused}")
    assert start.endswith("what runs in Kubernetes could not be read and may have changed: ")
    assert "with 403 forbidden to you: give the user of this kubeconfig the right to do this" in answer


def rolled(olds: dict[str, Any], news: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that a preview shows."""
    noted: list[str] = []
    monkeypatch.setattr(server_rollout, "note_changes", lambda _olds, _news, _maps, more: noted.extend(more))
    assert ServerRolloutProvider().diff("id", olds, news).changes is True
    return noted


def test_c7_the_way_back_from_a_bad_image_names_the_pods_that_it_replaces(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes.set_template("bad")
    kubernetes._delete_pod(NAMES[1], kubernetes.pods[NAMES[1]])

    assert rolled(props(), props(), monkeypatch) == ["names[1]"]


def test_c7_another_specification_replaces_the_pods_that_do_not_have_it(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rolled(props(), props(spec_hash="new"), monkeypatch) == ["names[0]", "names[1]", "names[2]"]


def test_b8_a_stateful_set_that_is_gone_is_refused_until_a_refresh_forgets_it(kubernetes: FakeKubernetes) -> None:
    kubernetes.exists = False
    way = "Run `pulumi refresh`, then `pulumi up`"

    (failure,) = ServerRolloutProvider().check(props(), props()).failures
    assert failure.reason.startswith("StatefulSet dev/dev-server does not exist, although the state")
    assert failure.reason.endswith(way)
    where = f"another Kubernetes cluster (127.0.0.1:{kubernetes._server.server_port}, the current context)"
    assert f"{where}: check `kubectl config current-context` before you refresh" in failure.reason
    with pytest.raises(RolloutStoppedError, match="does not exist"):
        ServerRolloutProvider().update("id", props(), props())
    for provider in (ServerRolloutProvider(), VotersProvider()):
        assert provider.read("id", props()).id is None
    assert ServerRolloutProvider().check({}, props()).failures == []
    assert ServerRolloutProvider().check(props(namespace="other"), props()).failures == []


def test_b8_a_stateful_set_that_exists_or_cannot_be_looked_for_stays_in_the_state(
    kubernetes: FakeKubernetes, warned: list[str]
) -> None:
    assert VotersProvider().read("id", props()).outs == props()
    kubernetes.refusals["GET", "/apis/apps/v1/"] = (403, "forbidden")

    assert VotersProvider().read("id", props()).outs == props()
    assert ServerRolloutProvider().check(props(), props()).failures == []
    assert warned


def test_b10_servers_that_somebody_scaled_away_are_named_and_brought_back(
    servers: ScriptedServers, kubernetes: FakeKubernetes, warned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = props(version="uid-of-set/1")
    kubernetes.generation = kubernetes.observed = 2
    kubernetes._scale(1)
    servers.down = set(NAMES[1:])
    kubernetes.on_scale = servers.down.clear

    assert rolled(known, props(), monkeypatch) == ["version"]
    assert warned == [
        "StatefulSet dev/dev-server asks for 1 pods and not for 3: somebody scaled it. "
        "`pulumi up` starts dev-server-1, dev-server-2 again; if Consul has no leader then, run "
        "`consul-on-pulumi recover`"
    ]
    outs = ServerRolloutProvider().update("id", known, props()).outs

    assert outs == props(version="uid-of-set/2")
    assert kubernetes.scaled == [1, 3]
    assert servers.done == []


@pytest.mark.parametrize(
    "long_ago",
    [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)],
    ids=["long ago", "before a clock was set back"],
)
def test_d5_a_server_that_is_not_ready_for_long_is_named(
    kubernetes: FakeKubernetes, warned: list[str], long_ago: datetime
) -> None:
    def last_ready(ordinal: int, since: datetime) -> None:
        condition = {"type": "Ready", "status": "False", "lastTransitionTime": since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        kubernetes.pods[NAMES[ordinal]]["status"]["conditions"] = [condition]

    last_ready(1, datetime.now(UTC))
    assert ServerRolloutProvider().diff("id", props(), props()).changes is False
    assert warned == []

    last_ready(2, long_ago)
    assert ServerRolloutProvider().diff("id", props(), props()).changes is False
    assert warned == [
        "pods in dev are not ready, although nothing has to change: dev-server-2. "
        "Their logs say why (`kubectl --namespace dev logs POD`)"
    ]


def test_b10_servers_that_come_back_are_waited_for_before_others_are_replaced(
    servers: ScriptedServers, kubernetes: FakeKubernetes
) -> None:
    kubernetes.set_template("new")
    for ordinal in (1, 2):
        kubernetes._delete_pod(NAMES[ordinal], kubernetes.pods[NAMES[ordinal]])
        kubernetes.pods[NAMES[ordinal]] = waiting(kubernetes.pods[NAMES[ordinal]], "ContainerCreating", "")
    servers.down = set(NAMES[1:])

    message = stopped()

    assert message.startswith("dev-server-1 does not answer; dev-server-2 does not answer")
    assert NAMES[0] not in kubernetes.deleted


def test_c8_the_services_lead_to_a_lone_server_when_the_update_ends(
    servers: ScriptedServers, kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.names = NAMES[:1]
    ready = kubernetes.pods[NAMES[0]]["status"]["conditions"][0]
    ready["status"] = "False"
    waited: list[float] = []

    def probed(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            ready["status"] = "True"

    monkeypatch.setattr(pod_readiness.time, "sleep", probed)
    lone = props(names=NAMES[:1], addresses=["http://one"])

    assert VotersProvider().create(lone).outs == lone
    assert len(waited) == 3

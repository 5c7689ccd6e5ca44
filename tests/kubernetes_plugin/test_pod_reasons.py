from typing import Any

from kubernetes_plugin.awaiting.pod_reasons import event_reasons, owned_by, pod_reasons


def pod(*containers: Any, **status: Any) -> Any:
    return {"metadata": {"name": "p"}, "status": {"containerStatuses": list(containers)} | status}


def test_the_scheduler_says_why_a_pod_has_no_node() -> None:
    message = "0/1 nodes are available: 1 Insufficient memory."
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]

    assert (pod_reasons(pod(conditions=conditions))) == [f"[Pod p]: Unschedulable: {message}"]


def test_the_kubelet_says_why_a_container_does_not_start() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    usual = {"waiting": {"reason": "ContainerCreating"}}
    said = pod_reasons(pod({"name": "a", "state": waiting}, {"name": "b", "state": usual}))

    assert said == ["[Pod p]: container 'a' is waiting: ImagePullBackOff: no such image"]


def test_a_crash_is_told_with_its_last_words() -> None:
    end = {"terminated": {"exitCode": 1, "reason": "Error", "message": "bad flag\n"}}
    looping = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    said = pod_reasons(pod({"name": "a", "state": looping, "lastState": end}))

    assert said == [
        "[Pod p]: container 'a' is waiting: CrashLoopBackOff: back-off 10s",
        "[Pod p]: container 'a' terminated with exit code 1 (Error): bad flag",
    ]


def test_a_container_that_runs_but_is_not_ready_is_named() -> None:
    conditions = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "unready: [a]"}]

    assert (pod_reasons(pod(phase="Running", conditions=conditions))) == ["[Pod p]: unready: [a]"]
    assert (pod_reasons(pod(phase="Running", conditions=[{"type": "Ready", "status": "True"}]))) == []


def test_a_pod_that_nothing_is_said_of_is_named() -> None:
    assert pod_reasons(pod(phase="Pending")) == ["[Pod p]: Pod is Pending"]
    assert pod_reasons(pod(phase="Succeeded")) == []


def test_init_containers_count() -> None:
    status = {"name": "i", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}
    found = pod()
    found["status"]["initContainerStatuses"] = [status]

    assert (pod_reasons(found)) == ["[Pod p]: container 'i' terminated with exit code 2 (Error)"]


def event(name: str, when: str, message: str, kind: str = "Warning") -> Any:
    about = {"kind": "Pod", "name": name}
    return {"type": kind, "involvedObject": about, "reason": "Failed", "message": message, "lastTimestamp": when}


def test_the_newest_warnings_about_these_objects_are_told_once() -> None:
    events = [event("p", str(number), f"m{number}") for number in range(9)]
    events += [event("p", "99", "m1"), event("other", "99", "x"), event("p", "99", "y", kind="Normal")]

    assert event_reasons(events, ["p"]) == [f"[Pod p]: Failed: m{number}" for number in (1, 8, 7, 6, 5)]


def test_pods_are_found_by_their_owner() -> None:
    mine, other, alone = (
        {"metadata": {"name": name, "ownerReferences": owners}}
        for name, owners in (("a", [{"uid": "1"}]), ("b", [{"uid": "2"}]), ("c", None))
    )

    assert owned_by([mine, other, alone], ["1"]) == [mine]

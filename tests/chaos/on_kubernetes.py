"""The scenarios on Kubernetes, each with its target."""

import contextlib
import functools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.chaos import interrupted, mixed, pod_faults, pods, scenarios
from tests.chaos.record import Outcome
from tests.e2e import consul
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster, of_our_own, stood_up
from tools import versions
from tools.docker import older_image


@contextlib.contextmanager
def cluster(name: str, **settings: Any) -> Iterator[PodCluster]:
    """A cluster of three voters, in a Kubernetes cluster of its own."""
    with (
        of_our_own() as kubeconfig,
        tempfile.TemporaryDirectory() as folder,
        stood_up(Path(folder), f"chaos-{name}", kubeconfig, settings) as made,
    ):
        # From a run that was cut off.
        made.kubectl("delete", "namespace", made.name, "--ignore-not-found", "--wait=true")
        made.up()
        made.all_vote(3)
        made.all_ready(3)
        yield made


def leader_deleted(times: int = 10, *, leave: bool | None = None) -> Outcome:
    """`leave` is the agents' `leave_on_terminate`; None keeps the default.

    With false nobody hands the leadership over, and servers at old addresses may elect nobody until the third is back,
    which is why it is not the default: no limit but that nothing is lost.
    """
    gaps, took, lost = [], [], 0
    settings = {} if leave is None else {"server_config": {"leave_on_terminate": leave}}
    with cluster("leave", **settings) as made:
        for number in range(times):
            report, seconds = pods.delete_leader(made, f"gone{number}")
            gaps.append(report.gap)
            took.append(seconds)
            lost += len(scenarios.not_stored(made.addresses()[0], report))
        whole = pods.delete_all(made)
    text = (
        f"{times} times: gap p50 {statistics.median(gaps):.2f} s, most {max(gaps):.2f} s, {lost} lost, all vote again "
        f"after {statistics.median(took):.1f} s, most {max(took):.1f} s; all pods deleted: after {whole:.1f} s"
    )
    return text, lost == 0 and (leave is False or (statistics.median(gaps) <= 2.5 and max(gaps) <= 4))


def updated() -> Outcome:
    with cluster("rollout") as made:
        made.change(image=pods.other_image())
        report, seen, took = pods.up(made, "rollout")
        made.all_vote(3)
        lost = len(scenarios.not_stored(made.addresses()[0], report))
    troubles = sorted({write.problem or "" for write in report.failed})
    text = (
        f"{report}, {lost} lost, up took {took:.1f} s, never fewer than {seen.fewest} pods ready {' '.join(troubles)}"
    )
    return text, report.gap <= 1 and lost == 0 and seen.fewest >= 2


def upgraded() -> Outcome:
    texts, good, reports = [], True, []
    older = [older_image.image_of(release) for release in scenarios.OLDER]
    with of_our_own() as kubeconfig, tempfile.TemporaryDirectory() as folder:
        for image in older:
            pods.bring(image)
        with stood_up(Path(folder), "chaos-upgrade", kubeconfig, {"image": older[0]}) as made:
            made.up()
            made.all_vote(3)
            for image in (*older[1:], versions.CONSUL_IMAGE):
                made.all_ready(3)
                made.change(image=image)
                report, seen, took = pods.up(made, f"to-{image.partition(':')[2]}")
                made.all_vote(3)
                reports.append(report)
                lost = sum(len(scenarios.not_stored(made.addresses()[0], one)) for one in reports)
                texts.append(f"to {image}: {report}, {lost} lost, up took {took:.1f} s, {seen.fewest} pods ready")
                good = good and report.gap <= 1 and lost == 0 and seen.fewest >= 2
    return "; ".join(texts), good


def scaled() -> Outcome:
    texts, good = [], True
    with cluster("scale") as made:
        for servers, quorum in ((5, 3), (3, 2)):
            made.change(servers=servers)
            report, _, took = pods.up(made, f"to{servers}")
            made.all_vote(servers)
            lost = len(scenarios.not_stored(made.addresses()[0], report))
            minimum = consul.ask(made.addresses()[0], "/v1/operator/autopilot/configuration")["MinQuorum"]
            texts.append(f"to {servers}: {report}, {lost} lost, min_quorum {minimum}, up took {took:.1f} s")
            good = good and report.gap <= 1 and lost == 0 and minimum == quorum
    return "; ".join(texts), good


def lone() -> Outcome:
    """The server that stays acknowledges writes again within 15 seconds."""
    with cluster("lone") as made:
        made.change(servers=1)
        report, _, took = pods.up(made, "lone")
        made.all_vote(1, within=2)
        lost = len(scenarios.not_stored(made.addresses()[0], report))
    return f"{report}, {lost} lost, up took {took:.1f} s", report.gap <= 15 and lost == 0


def engine_killed(run: Callable[..., Outcome]) -> Outcome:
    with cluster("engine", clients=1) as made:
        return run(made, lambda: made.all_vote(3, within=180), lambda: pods.orphans(made))


def mixed_operations(seed: int) -> Outcome:
    chance = random.Random(seed)
    with cluster("mixed") as made, pods.PodWatch(made) as seen:

        def disturb() -> None:
            pod_faults.any_of(pod_faults.ALL, made, chance)
            made.all_vote(3, within=300)

        return mixed.outcome(lambda: sorted(seen.servers().values()), disturb, seed)


def partitioned(cut: int, seconds: float = 20) -> Outcome:
    """The leader, or the leader and another server, reach no other server for a while."""
    with cluster("cut") as made:
        (leader,) = consul.leaders(made.addresses())
        hosts = made.pods("server")
        names = sorted(hosts, key=lambda name: (hosts[name] != leader.rpartition(":")[0], name))[:cut]
        with pods.written_to(made, "cut") as (report, _):
            with pod_faults.cut_off(made, names):
                began = time.monotonic()
                time.sleep(seconds)
                ended = time.monotonic()
            eventually("a write after it", lambda: report.acknowledged[-1].began > ended, bool, within=60)
        made.all_vote(3, within=180)
        lost = len(scenarios.not_stored(made.addresses()[0], report))
    alone = [write for write in report.acknowledged if began + 1 < write.began and write.ended < ended]
    text = f"{report}, {len(alone)} acknowledged meanwhile, {lost} lost"
    return text, lost == 0 and (bool(alone) if cut == 1 else not alone)


def node_drained() -> Outcome:
    """The node of the leader is drained. Then no other node can be drained until the server is back."""
    drain = ("drain", "--ignore-daemonsets", "--delete-emptydir-data", "--force")
    with cluster("drain") as made:
        (leader,) = consul.leaders(made.addresses())
        host = leader.rpartition(":")[0]
        nodes = {pod["status"]["podIP"]: pod["spec"]["nodeName"] for pod in made.items("server")}
        first, second = nodes[host], next(node for address, node in nodes.items() if address != host)
        try:
            with pods.written_to(made, "drain") as (report, seen):
                made.kubectl(*drain, first, "--timeout=120s")
                refused = not pods.succeeds(made, *drain, second, "--timeout=15s")
                made.kubectl("uncordon", first, second)
                made.all_vote(3, within=180)
        finally:
            made.kubectl("uncordon", first, second)
        lost = len(scenarios.not_stored(made.addresses()[0], report))
    text = f"{report}, {lost} lost, never fewer than {seen.fewest} pods ready, a second drain was refused: {refused}"
    return text, report.gap <= 1 and lost == 0 and seen.fewest >= 2 and refused


SCENARIOS: dict[str, Callable[[], Outcome]] = {
    "pods: the leader deleted under load": leader_deleted,
    "pods: leave_on_terminate true, the leader deleted": lambda: leader_deleted(leave=True),
    "pods: leave_on_terminate false, the leader deleted": lambda: leader_deleted(leave=False),
    "pods: all 3 servers replaced under load": updated,
    f"pods: Consul {' → '.join(scenarios.OLDER)} → {versions.CONSUL} under load": upgraded,
    "pods: 3 to 5 to 3 servers under load": scaled,
    "pods: 3 servers to 1 under load": lone,
    "pods: a drained node under load": node_drained,
    "pods: the leader cut off from the other servers": lambda: partitioned(1),
    "pods: two of three servers cut off from each other": lambda: partitioned(2),
    "pods: the engine killed at 10 random points of up": lambda: engine_killed(interrupted.up_killed),
    "pods: the engine killed at 10 random points of destroy": lambda: engine_killed(interrupted.destroy_killed),
    **{
        f"pods: mixed operations during random faults, seed {seed}": functools.partial(mixed_operations, seed)
        for seed in mixed.SEEDS
    },
}

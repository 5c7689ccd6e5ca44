"""The scenarios on Docker, each with its target."""

import contextlib
import functools
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.chaos import closing, daemon_restarts, faults, full_disk, interrupted, mixed, scenarios
from tests.chaos.record import Outcome
from tests.e2e.cluster import Cluster, stood_up
from tests.e2e.waiting import eventually
from tools import places, versions
from tools.docker import older_image

BAD_CONFIG = {"performance": {"raft_multiplier": 99}}
"""The agent refuses it when it starts; a preview does not."""


CHECKOUT = f"{zlib.crc32(bytes(places.ROOT)):08x}"
"""Part of every name: the next run removes what one that was cut off left, and no other checkout's."""


@contextlib.contextmanager
def cluster(name: str, **settings: Any) -> Iterator[Cluster]:
    """A cluster that is up and complete."""
    with (
        tempfile.TemporaryDirectory() as folder,
        stood_up(Path(folder), f"chaos-{CHECKOUT}-{name}", settings) as made,
    ):
        made.up()
        made.whole()
        yield made


def leader_killed(times: int = 30) -> Outcome:
    gaps, lost, most = [], 0, 0
    with cluster("kill", servers=3) as made:
        for number in range(times):
            report = scenarios.kill_leader(made, f"kill{number}")
            gaps.append(report.gap)
            most = max(most, len(report.failed))
            lost += len(scenarios.lost(made, report))
    half, high = statistics.median(gaps), statistics.quantiles(gaps, n=100, method="inclusive")[98]
    text = f"{times} kills: gap p50 {half:.2f} s, p99 {high:.2f} s, at most {most} failed writes a kill, {lost} lost"
    return text, half <= 2.5 and high <= 4 and lost == 0


def updated(servers: int, longest: float) -> Outcome:
    with cluster(f"rollout{servers}", servers=servers) as made, scenarios.other_image() as image:
        report, took = scenarios.rollout(made, image, "rollout")
        made.whole()
        lost = len(scenarios.lost(made, report))
    troubles = sorted({write.problem or "" for write in report.failed})
    text = f"{report}, {lost} lost, up took {took:.1f} s {' '.join(troubles)}"
    return text, scenarios.only_refused(report) and report.longest <= 0.6 and took <= longest and lost == 0


def upgraded() -> Outcome:
    """Not in `make test`: where no old image can be pulled, each takes five minutes of two cores to build."""
    older = [older_image.image_of(release) for release in scenarios.OLDER]
    texts, good, reports = [], True, []
    with cluster("upgrade", servers=3, clients=1, image=older[0]) as made:
        for image in (*older[1:], versions.CONSUL_IMAGE):
            report, took = scenarios.rollout(made, image, f"to-{image.partition(':')[2]}")
            made.whole()
            reports.append(report)
            lost = sum(len(scenarios.lost(made, one)) for one in reports)
            running = set(scenarios.releases(made))
            snapshot = Path(made.outputs["upgrade_snapshot"])
            troubles = {write.problem or "" for write in report.failed}
            texts.append(f"to {', '.join(running)}: {report}, {lost} lost, up took {took:.1f} s {' '.join(troubles)}")
            good = (
                good
                and scenarios.only_refused(report)
                and report.longest <= 0.6
                and lost == 0
                and snapshot.stat().st_size > 0
            )
    return "; ".join(texts), good and running == {versions.CONSUL}


def scaled() -> Outcome:
    texts, good = [], True
    with cluster("scale", servers=3) as made:
        for servers, quorum in ((5, 3), (3, 2)):
            report, minimum = scenarios.scale(made, servers, f"to{servers}")
            made.whole()
            lost = len(scenarios.lost(made, report))
            texts.append(f"to {servers}: {report}, {lost} lost, min_quorum {minimum}")
            good = good and scenarios.only_refused(report) and lost == 0 and minimum == quorum
    return "; ".join(texts), good


def lone() -> Outcome:
    with cluster("lone", servers=3) as made:
        report, minimum = scenarios.scale(made, 1, "lone")
        lost = len(scenarios.lost(made, report))
    return f"{report}, {lost} lost, min_quorum {minimum}", report.gap <= 15 and lost == 0 and minimum == 1


def server_lost() -> Outcome:
    with cluster("lost", servers=3) as made:
        took = scenarios.lose_server(made, 1)
    return f"all servers vote {took:.1f} s after `up` started the lost one", took <= 20


def bad_rollout() -> Outcome:
    with cluster("bad", servers=3) as made:
        made.change(agent_config=BAD_CONFIG)
        error = made.refused("up")
        stopped = [name for op, name in made.changed() if op == "create-replacement" and name.count("-") == 2]
        writable = scenarios.writes_go_on(made)
        made.change(agent_config=None)
        made.up()
        made.whole()
    text = f"stopped at {', '.join(stopped)}; writes went on: {writable}; the corrected up finished"
    return text, stopped == ["consul-server-0"] and writable and f"{made.name}-server-0" in error


def engine_killed(run: Callable[..., Outcome]) -> Outcome:
    with cluster("engine", servers=3, clients=1) as made:
        return run(made, lambda: made.whole(within=180), lambda: interrupted.orphans(made))


def disk_full() -> Outcome:
    with cluster("full", servers=3) as made:
        return full_disk.outcome(made)


def mixed_operations(seed: int) -> Outcome:
    chance = random.Random(seed)
    with cluster("mixed", servers=3) as made:
        servers = [base for _, base in scenarios.direct(made)]

        def disturb() -> None:
            faults.any_of(("kill", "restart", "pause"), made, chance)
            made.whole(within=90)
            # Without a time in good health most operations of a fast machine would meet an election.
            time.sleep(chance.uniform(0, 2))

        return mixed.outcome(lambda: servers, disturb, seed)


def partitioned(cut: int, seconds: float = 20) -> Outcome:
    """The leader, or the leader and another server, are alone in the network for a while."""
    with cluster("cut", servers=3) as made:
        leader = made.container(made.leader())
        names = [leader, *(name for name in made.outputs["servers"] if name != leader)][:cut]
        with scenarios.written_to(made, "cut") as report:
            with faults.cut_off(made, names):
                began = time.monotonic()
                time.sleep(seconds)
                ended = time.monotonic()
            eventually("a write after it", lambda: report.acknowledged[-1].began > ended, bool, within=60)
        made.whole(within=90)
        lost = len(scenarios.lost(made, report))
    # An old leader may acknowledge what the other side has stored already.
    alone = [write for write in report.acknowledged if began + 1 < write.began and write.ended < ended]
    text = f"{report}, {len(alone)} acknowledged meanwhile, {lost} lost"
    return text, lost == 0 and (bool(alone) if cut == 1 else not alone)


def adopted() -> Outcome:
    with cluster("closing", servers=3, clients=1, security=closing.OPEN) as made:
        return closing.outcome(made)


def soak(seconds: float = 3600, every: float = 30, writers: int = 2) -> Outcome:
    """Writers for an hour, with a fault each half minute."""
    chance = random.Random(4)
    with cluster("soak", servers=3) as made:
        began, count = time.monotonic(), 0
        with scenarios.written_to(made, "soak", writers=writers) as report:
            while (due := began + every * (count + 1)) < began + seconds:
                time.sleep(max(0.0, due - time.monotonic()))
                faults.any_of(faults.ALL, made, chance)
                count += 1
            time.sleep(max(0.0, began + seconds - time.monotonic()))
        made.whole(within=90)
        lost = len(scenarios.lost(made, report))
    text = f"{report}, {len(report.acknowledged)} acknowledged, {count} faults, {lost} lost"
    return text, lost == 0 and len(report.acknowledged) >= 100_000 * seconds / 3600


SCENARIOS: dict[str, Callable[[], Outcome]] = {
    "leader killed under load": leader_killed,
    "all 3 servers replaced under load": lambda: updated(3, 20),
    "all 5 servers replaced under load": lambda: updated(5, 35),
    f"Consul {' → '.join(scenarios.OLDER)} → {versions.CONSUL} under load": upgraded,
    "3 to 5 to 3 servers under load": scaled,
    "3 servers to 1 under load": lone,
    "an open cluster closed, rotated, rolled and scaled under load": adopted,
    "a server and its volume destroyed": server_lost,
    "a rollout of a bad configuration": bad_rollout,
    "the leader cut off from the network": lambda: partitioned(1),
    "two of three servers cut off from the network": lambda: partitioned(2),
    "the leader's data volume full": disk_full,
    "the daemon restarted in the middle of an up": lambda: daemon_restarts.outcome(f"chaos-{CHECKOUT}-daemon"),
    "the engine killed at 10 random points of up": lambda: engine_killed(interrupted.up_killed),
    "the engine killed at 10 random points of destroy": lambda: engine_killed(interrupted.destroy_killed),
    **{
        f"mixed operations during random faults, seed {seed}": functools.partial(mixed_operations, seed)
        for seed in mixed.SEEDS
    },
    "an hour of writes with a fault each 30 s": soak,
}

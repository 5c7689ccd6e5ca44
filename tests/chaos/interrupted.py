"""Kill the engine at any moment, and repair the stack with the next run."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable

from tests.chaos.record import Outcome
from tests.e2e import engine
from tests.e2e.cluster import Cluster


def kill_engine(cluster: Cluster, operation: str, after: float) -> bool:
    """Run `pulumi up` or `destroy`, and kill it with all its plugins `after` seconds. False if it ended before."""
    command = ["pulumi", operation, "--yes", "--skip-preview", "--non-interactive", "--stack", _stack(cluster)]
    running = subprocess.Popen(
        command,
        cwd=cluster.work_dir,
        env={**os.environ, **cluster.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        running.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return True
    return False


def converge(cluster: Cluster, operation: str) -> None:
    """Do what a user does next: remove the lock of the dead engine, refresh, and run the operation again."""
    cluster.cancel()
    cluster.refresh(clear_pending=True)
    getattr(cluster, operation)()


def orphans(cluster: Cluster) -> list[str]:
    """Docker objects of the cluster that are not in its state."""
    known = cluster.physical_names()
    return [name for names in engine.orphans(cluster.name).values() for name in names if name not in known]


def moments(count: int, longest: float, seed: int) -> list[float]:
    """Seconds after which to kill, spread over the first 85 % of the operation: one run may be faster than another."""
    chosen = random.Random(seed)
    step = 0.85 * longest / count
    return [step * number + chosen.uniform(0, step) for number in range(count)]


def _stack(cluster: Cluster) -> str:
    return cluster.name.removeprefix("consul-")


def timed(cluster: Cluster, operation: str) -> float:
    """The seconds that the operation takes without a kill."""
    began = time.monotonic()
    getattr(cluster, operation)()
    return time.monotonic() - began


def outcome(cluster: Cluster, whole: Callable[[], object], left: Callable[[], list[str]], points: int = 20) -> Outcome:
    """Kill half of the runs in `up`, half in `destroy`. `whole` waits until the cluster is complete, and `left` lists
    what exists and is not in the state."""
    at_work, orphans = 0, list[str]()
    down, up = timed(cluster, "destroy"), timed(cluster, "up")
    cluster.destroy()
    for after in moments(points // 2, up, seed=1):
        at_work += kill_engine(cluster, "up", after)
        converge(cluster, "up")
        whole()
        orphans += left()
        cluster.destroy()
    cluster.up()
    for after in moments(points - points // 2, down, seed=2):
        at_work += kill_engine(cluster, "destroy", after)
        converge(cluster, "destroy")
        orphans += left()
        cluster.up()
        whole()
    text = f"{at_work} of {points} runs were killed before they ended (up takes {up:.0f} s, destroy {down:.0f} s), "
    return f"{text}{len(orphans)} orphans {' '.join(orphans)}, every next run converged", not orphans

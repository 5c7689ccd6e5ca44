"""Kill the engine at any moment, and repair the stack with the next run."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

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
    """Do what a user does next: remove the lock of the dead engine, refresh, and run the operation again.

    The engine writes the attributes of its state file in place (gocloud.dev/blob/fileblob), and the state itself by a
    rename. Killed between the two, it leaves an empty file of attributes, for which every command ends with `failed to
    load checkpoint: EOF`. Without that file the state, which is whole, is read.
    """
    for attributes in Path(cluster.env["PULUMI_BACKEND_URL"].removeprefix("file://")).rglob("*.attrs"):
        if not attributes.stat().st_size:
            attributes.unlink()
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


def up_killed(
    cluster: Cluster, whole: Callable[[], object], left: Callable[[], list[str]], points: int = 10
) -> Outcome:
    """Kill `up` at the birth of a cluster. `whole` waits until it is complete, `left` lists what the state lacks."""
    at_work, orphans = 0, list[str]()
    cluster.destroy()
    took = timed(cluster, "up")
    for after in moments(points, took, seed=1):
        cluster.destroy()
        at_work += kill_engine(cluster, "up", after)
        converge(cluster, "up")
        whole()
        orphans += left()
    return _said(at_work, points, took, orphans)


def destroy_killed(
    cluster: Cluster, whole: Callable[[], object], left: Callable[[], list[str]], points: int = 10
) -> Outcome:
    """Kill `destroy`; afterwards the next `up` must succeed."""
    at_work, orphans = 0, list[str]()
    took = timed(cluster, "destroy")
    for after in moments(points, took, seed=2):
        cluster.up()
        whole()
        at_work += kill_engine(cluster, "destroy", after)
        converge(cluster, "destroy")
        orphans += left()
    return _said(at_work, points, took, orphans)


def _said(at_work: int, points: int, took: float, orphans: list[str]) -> Outcome:
    text = f"{at_work} of {points} runs were killed before they ended, of {took:.0f} s; every next run converged"
    return f"{text}, {len(orphans)} orphans {' '.join(orphans)}".strip(), not orphans

"""The engine killed at any moment, and what the next run makes of it."""

import os
import random
import signal
import subprocess
import time

from tests.e2e import engine
from tests.e2e.cluster import Cluster


def kill_engine(cluster: Cluster, operation: str, after: float) -> bool:
    """Run `pulumi up` or `destroy` and kill it with all its plugins; whether it was still at work `after` seconds."""
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
    """What a user does next: give up the lock that the dead engine left, look at what is there, and try again."""
    cluster.cancel()
    cluster.refresh(clear_pending=True)
    getattr(cluster, operation)()


def orphans(cluster: Cluster) -> list[str]:
    """Objects of the Docker engine that belong to the cluster and are not in its state."""
    known = cluster.physical_names()
    return [name for names in engine.orphans(cluster.name).values() for name in names if name not in known]


def moments(count: int, longest: float, seed: int) -> list[float]:
    """Seconds after which to kill, spread over the operation but for its end, as one run may be faster than another."""
    chosen = random.Random(seed)
    step = 0.85 * longest / count
    return [step * number + chosen.uniform(0, step) for number in range(count)]


def _stack(cluster: Cluster) -> str:
    return cluster.name.removeprefix("consul-")


def timed(cluster: Cluster, operation: str) -> float:
    """Seconds that the undisturbed operation takes."""
    began = time.monotonic()
    getattr(cluster, operation)()
    return time.monotonic() - began

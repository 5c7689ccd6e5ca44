"""The Docker daemon is restarted in the middle of `up`: one of the suite's own, so that nothing else notices."""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from tests.chaos import interrupted
from tests.chaos.record import Outcome
from tests.e2e import consul, own_daemon
from tests.e2e.cluster import Cluster, stood_up
from tests.e2e.own_daemon import Daemon

SEEDS = {"kept": "by every server"}


def outcome(name: str, births: int = 5, rolls: int = 5) -> Outcome:
    """Restarts at moments that are spread over the birth of a cluster, and over rollouts of all servers."""
    ended, orphans = 0, list[str]()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as stack,
        own_daemon.running(Path(folder)) as daemon,
        mock.patch.dict(os.environ, DOCKER_HOST=daemon.host),
        stood_up(Path(stack), name, {"servers": 3, "seeds": SEEDS}) as made,
    ):
        birth = interrupted.timed(made, "up")
        for after in interrupted.moments(births, birth, seed=1):
            made.destroy()
            ended += _restarted(made, daemon, after)
            orphans += _complete(made)
        made.change(agent_config={"log_level": "DEBUG"})
        roll = interrupted.timed(made, "up")
        for number, after in enumerate(interrupted.moments(rolls, roll, seed=2)):
            made.change(agent_config={"log_level": ("INFO", "DEBUG")[number % 2]})
            ended += _restarted(made, daemon, after)
            orphans += _complete(made)
    text = (
        f"{births} restarts in a birth of {birth:.0f} s, {rolls} in a rollout of {roll:.0f} s: {ended} runs ended well "
        f"all the same, the next run finished the others; {len(orphans)} orphans, every key kept"
    )
    return text, not orphans


def _restarted(made: Cluster, daemon: Daemon, after: float) -> bool:
    """Run `up`, and restart the daemon meanwhile. Whether `up` ended well."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(made.up)
        time.sleep(after)
        daemon.restart()
        return running.exception(timeout=600) is None


def _complete(made: Cluster) -> list[str]:
    """Finish the update. The objects that are not in the state."""
    interrupted.converge(made, "up")
    made.whole(within=180)
    for base in made.servers:
        assert consul.text(base, "kept") == SEEDS["kept"]
    assert made.preview().keys() == {"same"}, made.changed()
    return interrupted.orphans(made)

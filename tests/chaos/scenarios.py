"""Faults and changes of a cluster on Docker, and what its writers saw of them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import requests

from tests.chaos.load import Follower, Report, Writer
from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.waiting import eventually
from tools import versions

REFUSED_IN_TRANSFER = "500 raft apply failed: leadership transfer in progress"
"""The answer of Consul during a transfer, for some milliseconds. Such a write was not applied."""
OLDER = ("1.18.2", "1.20.6")
"""Releases that an upgrade starts from; the next is the default one."""
OTHER_IMAGE = f"{versions.CONSUL_IMAGE}-{engine.RUN}"
"""A second name of the same image, so that a rollout needs no second build."""


def direct(cluster: Cluster, servers: int | None = None) -> list[tuple[str, str]]:
    """Raft address and base URL of each server in the Docker network, where a stopped server refuses connections."""
    count = servers or len(cluster.outputs["servers"])
    names = [f"{cluster.name}-server-{ordinal}" for ordinal in range(count)]
    networks = [engine.inspect("container", name)["NetworkSettings"]["Networks"] for name in names]
    hosts = [network["IPAddress"] for found in networks for network in found.values()]
    return [(f"{host}:8300", f"http://{host}:8500") for host in hosts]


def signed_in(cluster: Cluster) -> Callable[[], str]:
    """The token that may write, at any moment; an empty one in an open cluster."""
    return lambda: str(cluster.outputs.get("management_token") or "")


@contextmanager
def written_to(
    cluster: Cluster, prefix: str, token: Callable[[], str] | None = None, writers: int = 1
) -> Iterator[Report]:
    """Writers that follow the leader while the block runs, with the token of that moment: by default that of people."""
    servers, report = dict(direct(cluster)), Report()
    with Follower(lambda: servers) as follower, ExitStack() as running:
        for number in range(writers):
            running.enter_context(Writer(f"{prefix}/{number}", follower.leader, token or signed_in(cluster), report))
        time.sleep(0.5)
        yield report
        time.sleep(0.5)


def lost(cluster: Cluster, report: Report) -> list[str]:
    """The acknowledged writes that a consistent read does not find."""
    return not_stored(cluster.servers[0], report)


def not_stored(base: str, report: Report) -> list[str]:
    """The acknowledged writes that a consistent read by one server does not find."""
    prefix = report.writes[0].key.partition("/")[0]
    stored = set(consul.ask(base, f"/v1/kv/{prefix}/?keys&consistent"))
    return report.lost(lambda key: key if key in stored else None)


def only_refused(report: Report) -> bool:
    """Whether no write failed but for some that a transfer of the leadership refused."""
    return {write.problem for write in report.failed} <= {REFUSED_IN_TRANSFER} and len(report.failed) <= 3


def kill(container: str) -> None:
    """Send SIGKILL to the agent from the host, like a crash: Docker's restart policy restarts it."""
    process = engine.inspect("container", container)["State"]["Pid"]
    # 0 is the process of a container that waits for its restart, and means this process and its siblings to the kernel.
    assert process, f"{container} does not run"
    os.kill(process, signal.SIGKILL)


def kill_leader(cluster: Cluster, prefix: str) -> Report:
    """Kill the leader under load, and wait until all servers vote again. The writer uses another server."""
    leader = cluster.container(cluster.leader())
    other = next(base for _, base in direct(cluster) if base.split("//")[1].split(":")[0] not in _host(leader))
    with Writer(prefix, lambda: other, signed_in(cluster)) as writer:
        time.sleep(0.5)
        kill(leader)
        cluster.whole()
        time.sleep(0.3)
    return writer.report


def _host(container: str) -> list[str]:
    networks = engine.inspect("container", container)["NetworkSettings"]["Networks"]
    return [network["IPAddress"] for network in networks.values()]


@contextmanager
def other_image() -> Iterator[str]:
    """The image under another name."""
    engine.docker("tag", versions.CONSUL_IMAGE, OTHER_IMAGE)
    try:
        yield OTHER_IMAGE
    finally:
        subprocess.run(["docker", "rmi", OTHER_IMAGE], capture_output=True, check=False)


def rollout(cluster: Cluster, image: str, prefix: str) -> tuple[Report, float]:
    """Change the image of all servers under load. Returns the report and the seconds of `up`."""
    cluster.change(image=image)
    with written_to(cluster, prefix) as report:
        began = time.monotonic()
        cluster.up()
        took = time.monotonic() - began
    return report, took


def releases(cluster: Cluster) -> list[str]:
    """The release that each agent runs, as the member list says."""
    members = consul.ask(cluster.servers[0], "/v1/agent/members")
    return [member["Tags"]["build"].partition(":")[0] for member in members]


def scale(cluster: Cluster, servers: int, prefix: str) -> tuple[Report, int]:
    """Change the number of servers under load. Returns the report and autopilot's MinQuorum after it."""
    cluster.change(servers=servers)
    with written_to(cluster, prefix) as report:
        cluster.up()
    return report, int(consul.ask(cluster.servers[0], "/v1/operator/autopilot/configuration")["MinQuorum"])


def lose_server(cluster: Cluster, ordinal: int) -> float:
    """Remove a server and its volume, and run `up`. Returns the seconds from the start of the new container
    until all servers vote."""
    name = f"{cluster.name}-server-{ordinal}"
    engine.docker("rm", "--force", name)
    engine.docker("volume", "rm", f"{name}-data")
    cluster.refresh()
    cluster.up()
    cluster.whole()
    started = engine.inspect("container", name)["State"]["StartedAt"]
    # Docker gives nanoseconds and Z; the library reads microseconds.
    return time.time() - datetime.fromisoformat(f"{started[:26]}+00:00").timestamp()


def writes_go_on(cluster: Cluster) -> bool:
    """Whether some server acknowledges a write within 15 seconds."""

    def one() -> bool:
        for base in cluster.servers:
            try:
                consul.put(base, "alive", "yes")
                return True
            except (requests.RequestException, AssertionError):
                continue
        return False

    return eventually("a write", one, bool, within=15)

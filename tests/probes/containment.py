"""What somebody tries who runs code in a container of an agent, or reads how it is described."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.probes.probe import Probe, Stranger

WHO = "code in an agent's container"
WITHIN = (
    ("writes to the root file system", "touch /stranger && echo done", "a read-only root file system"),
    ("changes a secret file", "touch /consul/secrets/x && echo done", "a volume that is mounted read-only"),
    ("runs as root", "test $(id -u) = 0 && echo done", "a user of its own"),
    ("has a capability", "grep -q 'CapBnd:.*[1-9a-f]' /proc/self/status && echo done", "all capabilities are dropped"),
    (
        "gets rights by a setuid program",
        "grep -q 'NoNewPrivs:.*0' /proc/self/status && echo done",
        "no new privileges",
    ),
    ("mounts a file system", "mount -t tmpfs none /tmp && echo done", "all capabilities are dropped"),
    ("sees the processes of the machine", "test $(ls -d /proc/[0-9]* | wc -l) -gt 40 && echo done", "a PID namespace"),
    (
        "reaches the engine of the machine",
        "ls /var/run/docker.sock /run/containerd && echo done",
        "nothing of it is mounted",
    ),
)
"""What is tried, a script that prints `done` if it succeeds, and what stops it."""


def probes(stranger: Stranger) -> Iterator[Probe]:
    """Those that are the same in a container and in a pod."""

    @cache
    def printed() -> dict[str, str]:
        script = "\n".join(f"echo '@@ {tries}'; {command}" for tries, command, _ in WITHIN)
        parts = stranger.inside(f"{{ {script}\n}} 2>/dev/null; true").split("@@ ")[1:]
        return dict(part.split("\n", 1) for part in parts)

    for tries, _, stops in WITHIN:
        yield Probe(WHO, tries, stops, lambda tries=tries: "done" in printed()[tries], always=True)  # type: ignore[misc]


def of_container(inspected: Mapping[str, Any]) -> Iterator[Probe]:
    """Those that the description of a Docker container answers."""
    host = inspected["HostConfig"]
    binds = [one for one in inspected["Mounts"] if one["Type"] == "bind"]
    published = [one["HostIp"] for ports in (host["PortBindings"] or {}).values() for one in ports]
    yield Probe(WHO, "takes the memory of the machine", "a limit of 1 GiB", lambda: not host["Memory"])
    yield Probe(WHO, "starts processes without end", "a limit of 4,096", lambda: not host["Ulimits"])
    log = host["LogConfig"]["Config"]
    yield Probe(WHO, "fills the disk with its log", "three files of 10 MB", lambda: "max-size" not in log, always=True)
    yield Probe(WHO, "reads files of the machine", "volumes only, no path of it", lambda: bool(binds), always=True)
    yield Probe(
        "another machine",
        "reaches a published port",
        "ports are published on 127.0.0.1",
        lambda: set(published) != {"127.0.0.1"},
        always=True,
    )
    names = ("NetworkMode", "PidMode", "IpcMode", "UTSMode")
    shared = [name for name in names if host[name] == "host"]
    yield Probe(
        WHO, "uses namespaces of the machine", "none is shared", lambda: bool(shared or host["Privileged"]), always=True
    )


def text(value: object) -> str:
    """A description as it is searched."""
    return json.dumps(value)

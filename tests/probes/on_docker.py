"""The probes on Docker: from a container in the network, and by another user of the machine."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from tests.e2e.cluster import Cluster
from tests.e2e.engine import docker, inspect
from tests.probes import commands, containment, generated, hiding, network
from tests.probes.probe import Outcome, Probe, run

NOBODY = 65534
"""A user of the machine who owns nothing."""
SAME_ID = (
    "the kernel lets a user read what a process of the same user and group reads, also in a container: those of "
    "Consul's image are 100 and 1000. Start the engine with `userns-remap`, or give this pair to nobody"
)


class ContainerStranger:
    """A container in the network of a cluster."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        found = generated.of(cluster)
        self.cluster = cluster.name
        self.name = name
        self.containers = [one for one in cluster.containers if "-server-" in one]
        networks = [inspect("container", one)["NetworkSettings"]["Networks"] for one in self.containers]
        self.servers = [one[cluster.name]["IPAddress"] for one in networks]
        self.gossip_key = found["Credentials"][0]["gossip_key"] if found else ""
        self.secrets = generated.secrets(found)
        self.stolen = generated.stolen(found, cluster.outputs["datacenter"])

    def sh(self, script: str) -> str:
        return _printed(["docker", "exec", "-i", self.name, "sh"], script)

    def inside(self, script: str) -> str:
        return _printed(["docker", "exec", "-i", self.containers[0], "sh"], script)


def probed(cluster: Cluster) -> Outcome:
    """Everything that is tried on a cluster. An open one does not survive it."""
    with stranger(cluster) as found:
        return run(
            chain(
                of_the_machine(cluster, found),
                containment.probes(found),
                containment.of_container(inspect("container", found.containers[0])),
                hiding.probes(found.secrets, places(cluster, found)),
                network.probes(found),
            ),
            is_closed=bool(found.secrets),
        )


@contextmanager
def stranger(cluster: Cluster) -> Iterator[ContainerStranger]:
    """Starts the container."""
    name = f"{cluster.name}-stranger"
    image = inspect("container", cluster.containers[0])["Config"]["Image"]
    docker("run", "--detach", "--name", name, "--network", cluster.name, "--entrypoint", "sleep", image, "600")
    try:
        yield ContainerStranger(cluster, name)
    finally:
        docker("rm", "--force", "--volumes", name)


def of_the_machine(cluster: Cluster, found: ContainerStranger) -> Iterator[Probe]:
    """What another user of the machine tries."""
    process = str(inspect("container", found.containers[0])["State"]["Pid"])
    who, acls, base = "another user of the machine", commands.ACLS, cluster.agents[0]
    file, key = f"/proc/{process}/root/consul/secrets/security.json", "/v1/kv/app/name?raw"

    def reads(path: str, user: int, group: int = NOBODY) -> bool:
        return bool(_as(user, f"cat {path}", group))

    def asks(*options: str) -> str:
        return _as(NOBODY, f"curl -sk {' '.join(options)} '{base}{key}'")

    yield Probe(who, "reads a key through a published port", acls, lambda: asks() == "web")
    yield Probe(who, "writes a key through a published port", acls, lambda: asks("-X", "PUT", "-d", "web") == "true")
    yield Probe(
        who, "reads a secret file of an agent", "rights of the kernel", lambda: reads(file, NOBODY), always=True
    )
    yield Probe(
        who, "reads the environment of an agent", "rights of the kernel",
        lambda: reads(f"/proc/{process}/environ", NOBODY), always=True,
    )  # fmt: skip
    volumes = "/var/lib/docker/volumes"
    yield Probe(
        who, "reads the volumes", "rights of the file system", lambda: bool(_as(NOBODY, f"ls {volumes}")), always=True
    )
    yield Probe(
        who,
        "uses the engine",
        "rights of its socket",
        lambda: bool(_as(NOBODY, "docker ps -q 2>/dev/null")),
        always=True,
    )
    yield Probe(
        who, "reads the state", "rights of the file system",
        lambda: reads(f"{cluster.env['PULUMI_BACKEND_URL'].removeprefix('file://')}/.pulumi/stacks/*/*", NOBODY),
        always=True,
    )  # fmt: skip
    yield Probe(
        "a user of the machine with the IDs 100 and 1000",
        "reads a secret file of an agent by its numeric ID",
        "",
        lambda: reads(file, 100, 1000),
        SAME_ID if found.secrets else "",
        always=True,
    )


def places(cluster: Cluster, found: ContainerStranger) -> hiding.Places:
    """Where who may inspect containers, or read what the program writes, looks for secrets."""
    every = cluster.containers
    volumes = docker("volume", "ls", "--quiet", "--filter", f"label=consul.cluster={cluster.name}").split()
    seen, files = "who may inspect containers", "secrets are files in a volume, never arguments or variables"
    return {
        f"{seen}: `docker inspect`": (files, lambda: docker("inspect", *every)),
        f"{seen}: `docker volume inspect`": ("labels without content", lambda: docker("volume", "inspect", *volumes)),
        f"{seen}: the logs": ("Consul logs none", lambda: "".join(_printed(["docker", "logs", one]) for one in every)),
        f"{seen}: the processes": (files, lambda: "".join(docker("top", one) for one in every)),
        f"{seen}: the environment": (files, lambda: "".join(docker("exec", one, "env") for one in every)),
        "another user of the machine: the list of processes": (
            files,
            lambda: _as(NOBODY, "cat /proc/[0-9]*/cmdline 2>/dev/null"),
        ),
        "who reads the state: the state, its copies and its history": (
            "secrets are encrypted",
            cluster.everything_stored,
        ),
        "who reads a build log: the output of an update": ("secrets are hidden", lambda: "".join(cluster.log)),
        "who reads a build log: the outputs of the stack": (
            "secrets are hidden",
            lambda: cluster.pulumi("stack", "output"),
        ),
    }


def _as(user: int, script: str, group: int = NOBODY) -> str:
    """What a script prints as this user of the machine: needs root, else it is the user who runs the probes."""
    command = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"] if os.geteuid() == 0 else []
    return _printed([*command, "sh", "-c", script])


def _printed(command: list[str], script: str = "") -> str:
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, errors="replace", check=False, timeout=300
    )
    return done.stdout + ("" if command[0] == "setpriv" else done.stderr)

"""The images on a node that no registry has to provide: Consul's and the pause image."""

import subprocess
import tarfile
from pathlib import Path

from tools import progress, versions
from tools.builds import cache, debian
from tools.docker import image
from tools.docker.layer import Layer
from tools.found import Origin, SetupError
from tools.kubernetes import node_files
from tools.kubernetes.isolation import Group

CONSUL = f"docker.io/{versions.CONSUL_IMAGE}"
PAUSE_ENTRY = "pause-2"


def bring(group: Group) -> None:
    """Loads both images into a running node, unless it has them."""
    present = set(ctr(group, "images", "list", "--quiet").split())
    if node_files.PAUSE_IMAGE not in present:
        load(group, pause())
    if CONSUL not in present:
        consul(group)


def consul(group: Group) -> None:
    """Loads the Consul image: the official one is pulled, unless that failed before."""
    if image.find().origin is not Origin.BUILT and cache.finished(image.archive_name()) is None:
        try:
            pull = ctr_command(group, "images", "pull", *unpacking(), CONSUL)
            progress.run(pull, doing=f"pulling {CONSUL}", usually="20 s", timeout=300, advice="it is built instead")
            return
        except SetupError as error:
            progress.say(f"  --  no download: {error}")
    load(group, image.archive())


def load(group: Group, archive: Path) -> None:
    """Loads an image from a file."""
    command = ctr_command(group, "images", "import", *unpacking(), str(archive))
    progress.run(command, doing=f"loading an image into {group.folder.name}", usually="3 s", timeout=300)


def unpacking() -> list[str]:
    """The options that store an image where the node's pods look for it."""
    return ["--snapshotter", node_files.snapshotter()]


def ctr_command(group: Group, *arguments: str) -> list[str]:
    """A command line of containerd's client in a node, in the namespace that Kubernetes uses."""
    client = debian.command("ctr", "containerd")
    return group.inside(str(client), f"--address={node_files.SOCKET}", "--namespace=k8s.io", *arguments)


def ctr(group: Group, *arguments: str) -> str:
    """The output of containerd's client."""
    done = subprocess.run(ctr_command(group, *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"containerd of {group.folder.name}: {done.stderr.strip()[:200]}; see {group.logs}.")
    return done.stdout


def pause() -> Path:
    """The image of the process that holds a pod's namespaces."""

    def write(file_system: Path) -> None:
        with tarfile.open(file_system, "w", format=tarfile.GNU_FORMAT) as tar:
            Layer(tar).file("busybox", image.busybox().read_bytes(), mode=0o755)

    settings = {"Entrypoint": ["/busybox", "tail", "-f", "/dev/null"]}
    return image.cached_image(PAUSE_ENTRY, node_files.PAUSE_IMAGE, settings, write)


def answers(group: Group) -> bool:
    """Whether containerd of a node answers."""
    return subprocess.run(ctr_command(group, "version"), capture_output=True, check=False).returncode == 0

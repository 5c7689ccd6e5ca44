"""The images that pods need and that no registry may be there to give: Consul's, and the one that holds a pod."""

import platform
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from toolchain import cache, consul_image, go_build, image_archive, image_tar, places, progress, versions
from toolchain.errors import SetupError
from toolchain.found import Origin
from toolchain.kubernetes import node_files, packages, programs
from toolchain.kubernetes.isolation import Group

CONSUL = f"docker.io/{versions.CONSUL_IMAGE}"
ARCHIVE = "image.tar"


def bring(group: Group) -> None:
    """Gives a running node both images, unless it has them."""
    present = set(ctr(group, "images", "list", "--quiet").split())
    if node_files.PAUSE_IMAGE not in present:
        load(group, pause())
    if CONSUL not in present:
        consul(group)


def consul(group: Group) -> None:
    """Consul's image: the official one that Docker has, else pulled, else built."""
    in_docker = consul_image.find()
    if in_docker.origin is Origin.INSTALLED:
        with tempfile.TemporaryDirectory(dir=places.cache()) as folder:
            saved = Path(folder) / ARCHIVE
            save = ["docker", "save", "--output", str(saved), versions.CONSUL_IMAGE]
            progress.run(save, doing=f"taking {versions.CONSUL_IMAGE} from Docker", usually="5 s")
            load(group, saved)
        return
    if in_docker.origin is not Origin.BUILT and cache.finished(consul_name()) is None:
        try:
            pull = ctr_command(group, "images", "pull", *unpacking(), CONSUL)
            progress.run(pull, doing=f"pulling {CONSUL}", usually="20 s", timeout=300, advice="it is built instead")
            return
        except SetupError as error:
            progress.say(f"  --  no download: {error}")
    load(group, consul_archive())


def load(group: Group, archive: Path) -> None:
    """Hands an archive to a node."""
    progress.run(
        ctr_command(group, "images", "import", *unpacking(), str(archive)),
        doing=f"loading an image into {group.folder.name}",
        usually="3 s",
        timeout=300,
    )


def unpacking() -> list[str]:
    """How images are stored, the same way as the node's pods will ask for them."""
    return ["--snapshotter", node_files.snapshotter()]


def ctr_command(group: Group, *arguments: str) -> list[str]:
    """A command line of containerd's client inside a node, in Kubernetes' own namespace."""
    client = packages.command("ctr", "containerd")
    return group.inside(str(client), f"--address={node_files.SOCKET}", "--namespace=k8s.io", *arguments)


def ctr(group: Group, *arguments: str) -> str:
    """What containerd's client says."""
    done = subprocess.run(ctr_command(group, *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"containerd of {group.folder.name}: {done.stderr.strip()[:200]}; see {group.logs}.")
    return done.stdout


def architecture() -> str:
    """This machine's kind, as images name it."""
    machine = platform.machine()
    return programs.ARCHITECTURES.get(machine, machine)


def consul_name() -> str:
    """The cache entry of Consul's image."""
    recipe = consul_image.recipe().replace("/", "-")
    return f"consul-image-{recipe}-{cache.digest(places.MODULES / 'consul')}"


def consul_archive() -> Path:
    """Consul's image, built without Docker."""

    def make(folder: Path) -> None:
        layer = folder / "layer.tar"
        consul_image.write_layer(layer)
        settings = consul_image.config()
        image_archive.write(folder / ARCHIVE, versions.CONSUL_IMAGE, layer, settings, architecture())
        layer.unlink()

    return archive(consul_name(), make)


def pause() -> Path:
    """The image of the process that holds a pod's namespaces."""

    def make(folder: Path) -> None:
        program, layer = folder / "pause", folder / "layer.tar"
        go_build.build("pause", ".", program, usually="5 s")
        with tarfile.open(layer, "w", format=tarfile.GNU_FORMAT) as tar:
            image_tar.add_bytes(tar, "pause", program.read_bytes(), mode=0o755)
        image_archive.write(folder / ARCHIVE, node_files.PAUSE_IMAGE, layer, {"Entrypoint": ["/pause"]}, architecture())

    return archive(go_build.entry_name("pause", "1"), make)


def archive(name: str, make: Callable[[Path], None]) -> Path:
    """An image from the cache, made now unless it is there."""
    found = cache.finished(name)
    if found is None:
        with cache.lock():
            found = cache.entry(name, make)
    return found / ARCHIVE


def answers(group: Group) -> bool:
    """Whether containerd of a node answers."""
    asked = subprocess.run(ctr_command(group, "version"), capture_output=True, check=False)
    return asked.returncode == 0

"""The Consul image: the one in the engine, else pulled, else built from Consul's Go module and Debian's busybox."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import progress, versions
from tools.builds import cache, debian, go
from tools.docker import engine, layer
from tools.found import Found, Origin, SetupError, missing

TOOL = "Consul image"
PACKAGE = "github.com/hashicorp/consul"
CONSUL = go.Program("consul", versions.CONSUL, "5 min, 2 cores", package=PACKAGE)
LABEL = "consul-on-pulumi.built-from"
PORTS = ("8300", "8301", "8301/udp", "8302", "8302/udp", "8500", "8600", "8600/udp")
ENTRY_POINT = ".release/docker/docker-entrypoint.sh"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
ARCHIVE = "image.tar"


def labels(name: str) -> dict[str, str] | None:
    """The labels of an image, if the engine has it."""
    answer = engine.ask("image", "inspect", "--format", "{{json .Config.Labels}}", name)
    return None if answer is None else json.loads(answer) or {}


def find() -> Found:
    """The image in the engine."""
    found = labels(versions.CONSUL_IMAGE)
    if found is None:
        return missing(TOOL)
    if LABEL not in found:
        return Found(TOOL, versions.CONSUL, versions.CONSUL_IMAGE, Origin.INSTALLED)
    if found[LABEL] != recipe():
        return missing(TOOL, "it was built from older sources; run `make setup`")
    return Found(TOOL, versions.CONSUL, versions.CONSUL_IMAGE, Origin.BUILT)


def setup() -> Found:
    """Pulls or builds the image unless the engine has it."""
    found, name = find(), versions.CONSUL_IMAGE
    if found.present:
        return found
    try:
        pull = ["docker", "pull", "--quiet", name]
        progress.run(pull, doing=f"pulling {name}", usually="20 s", timeout=300, advice="it is built instead")
        return Found(TOOL, versions.CONSUL, name, Origin.DOWNLOADED)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
    load = ["docker", "load", "--quiet", "--input", str(archive())]
    progress.run(load, doing=f"loading {name}", usually="5 s", timeout=300)
    return find()


def recipe(program: go.Program = CONSUL) -> str:
    """What an image built with this program is made from; its label contains this."""
    sources = cache.digest(Path(__file__).parent, "layer.py") + cache.digest(program.folder)
    return f"{PACKAGE}@v{program.version}+{sources}"


def archive_name(program: go.Program = CONSUL) -> str:
    """The cache entry of the built image."""
    return f"consul-image-{recipe(program).replace('/', '-')}"


def archive(program: go.Program = CONSUL, name: str = versions.CONSUL_IMAGE) -> Path:
    """The built image as a file, made without an engine."""

    def write(file_system: Path) -> None:
        # busybox first: where it is missing, nobody should wait for Consul's build.
        shell = busybox()
        layer.write(
            file_system,
            consul=program.path(),
            busybox=shell,
            applets=layer.applets_of(shell),
            entry_point=program.sources(f"{PACKAGE}@v{program.version}") / ENTRY_POINT,
            certificates=CERTIFICATES if CERTIFICATES.is_file() else None,
        )

    return cached_image(archive_name(program), name, config(program), write)


def cached_image(entry: str, name: str, settings: dict[str, Any], write: Callable[[Path], None]) -> Path:
    """The archive of an image, kept in the cache; ``write`` writes its layer."""

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            write(Path(work) / "layer.tar")
            layer.write_image(folder / ARCHIVE, name, Path(work) / "layer.tar", settings)

    return cache.entry(entry, make) / ARCHIVE


def busybox() -> Path:
    """A statically linked busybox: the installed one, else the one in Debian's package."""
    own = shutil.which("busybox")
    if own and layer.is_static(Path(own)):
        return Path(own)
    return debian.unpacked("busybox-static", instead="install a statically linked busybox") / "bin" / "busybox"


def config(program: go.Program = CONSUL) -> dict[str, Any]:
    """The settings of the official image, as an OCI image configuration."""
    return {
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "BIN_NAME=consul",
            f"VERSION={program.version}",
        ],
        "Volumes": {"/consul/data": {}},
        "ExposedPorts": {port if "/" in port else f"{port}/tcp": {} for port in PORTS},
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["agent", "-dev", "-client", "0.0.0.0"],
        "Labels": {"org.opencontainers.image.version": program.version, LABEL: recipe(program)},
    }

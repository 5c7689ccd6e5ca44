"""The Consul image: the engine's, else pulled, else built from Consul's Go module and Debian's busybox."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from toolchain import cache, debian, docker_api, go_build, image_tar, places, progress, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Consul image"
PACKAGE = "github.com/hashicorp/consul"
LABEL = "consul-on-pulumi.built-from"
PORTS = ("8300", "8301", "8301/udp", "8302", "8302/udp", "8500", "8600", "8600/udp")
IMAGE_FILES = places.ROOT / "toolchain" / "image"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def find() -> Found:
    """The image in the engine."""
    labels = docker_api.image_labels(versions.CONSUL_IMAGE)
    if labels is None:
        return missing(TOOL)
    if LABEL not in labels:
        return Found(TOOL, versions.CONSUL, versions.CONSUL_IMAGE, Origin.INSTALLED)
    if labels[LABEL] != recipe():
        return missing(TOOL, "it was built from an older recipe; run `make setup`")
    return Found(TOOL, versions.CONSUL, versions.CONSUL_IMAGE, Origin.BUILT)


def setup() -> Found:
    """Pulls or builds the image unless the engine has it."""
    found = find()
    if found.present:
        return found
    if not shutil.which("docker"):
        raise SetupError("the docker command is needed to bring images into the engine; install it and run it again.")
    try:
        pull()
        return Found(TOOL, versions.CONSUL, versions.CONSUL_IMAGE, Origin.DOWNLOADED)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
    import_image()
    return find()


def pull() -> None:
    """Lets the engine fetch the official image."""
    progress.run(
        ["docker", "pull", "--quiet", versions.CONSUL_IMAGE],
        doing=f"pulling {versions.CONSUL_IMAGE}",
        usually="20 s",
        timeout=300,
        advice="it is built instead",
    )


def build(folder: Path) -> None:
    """Builds Consul, its web pages included."""
    go_build.build("consul", PACKAGE, folder / "consul", usually="5 min, 2 cores")


def busybox() -> Path:
    """A busybox that needs no libraries: the machine's own if it is one, else Debian's, unpacked into the cache."""
    own = shutil.which("busybox")
    if own and image_tar.is_static(Path(own)):
        return Path(own)

    def unpack(folder: Path) -> None:
        debian.unpacked("busybox-static", folder, instead="install a statically linked busybox")

    return cache.entry("busybox-static", unpack) / "bin" / "busybox"


def recipe() -> str:
    """What a built image is made from, as its label says."""
    return f"{PACKAGE}@v{versions.CONSUL}+{cache.digest(IMAGE_FILES)}"


def write_layer(layer: Path) -> None:
    """Writes the built image's file system; call it under the cache's lock."""
    # The shell first: where there is none, nobody should wait for Consul to be built.
    shell = busybox()
    image_tar.write(
        layer,
        consul=cache.entry(go_build.entry_name("consul", versions.CONSUL), build) / "consul",
        busybox=shell,
        applets=image_tar.applets_of(shell),
        entry_point=IMAGE_FILES / "docker-entrypoint.sh",
        certificates=CERTIFICATES if CERTIFICATES.is_file() else None,
    )


def import_image() -> None:
    """Hands the file system to the engine; from a file, because a broken stream would pass for a short archive."""
    with tempfile.TemporaryDirectory(dir=places.cache()) as folder:
        layer = Path(folder) / "image.tar"
        write_layer(layer)
        progress.run(
            ["docker", "import", *options(), str(layer), versions.CONSUL_IMAGE],
            doing=f"making {versions.CONSUL_IMAGE}",
            usually="5 s",
            timeout=300,
        )


def config() -> dict[str, Any]:
    """The image's settings, those of the official one, as the OCI spells them."""
    return {
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "BIN_NAME=consul",
            f"VERSION={versions.CONSUL}",
        ],
        "Volumes": {"/consul/data": {}},
        "ExposedPorts": {port if "/" in port else f"{port}/tcp": {} for port in PORTS},
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["agent", "-dev", "-client", "0.0.0.0"],
        "Labels": {"org.opencontainers.image.version": versions.CONSUL, LABEL: recipe()},
    }


def options() -> list[str]:
    """The same for `docker import`."""
    settings = config()
    changes = (
        *(f"ENV {variable}" for variable in settings["Env"]),
        *(f"VOLUME {volume}" for volume in settings["Volumes"]),
        *(f"EXPOSE {port}" for port in settings["ExposedPorts"]),
        f"ENTRYPOINT {json.dumps(settings['Entrypoint'])}",
        f"CMD {json.dumps(settings['Cmd'])}",
        *(f"LABEL {name}={value}" for name, value in settings["Labels"].items()),
    )
    return [part for change in changes for part in ("--change", change)]

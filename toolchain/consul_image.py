"""The Consul image: the engine's, else pulled, else built from Consul's Go module and Debian's busybox."""

import shutil
import tempfile
from pathlib import Path

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
    # The shell first: where there is none, nobody should wait for Consul to be built.
    shell = busybox()
    import_image(cache.entry(go_build.entry_name("consul", versions.CONSUL), build) / "consul", shell)
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


def import_image(consul: Path, shell: Path) -> None:
    """Hands the file system to the engine; from a file, because a broken stream would pass for a short archive."""
    with tempfile.TemporaryDirectory(dir=places.cache()) as folder:
        archive = Path(folder) / "image.tar"
        image_tar.write(
            archive,
            consul=consul,
            busybox=shell,
            applets=image_tar.applets_of(shell),
            entry_point=IMAGE_FILES / "docker-entrypoint.sh",
            certificates=CERTIFICATES if CERTIFICATES.is_file() else None,
        )
        progress.run(
            ["docker", "import", *options(), str(archive), versions.CONSUL_IMAGE],
            doing=f"making {versions.CONSUL_IMAGE}",
            usually="5 s",
            timeout=300,
        )


def options() -> list[str]:
    """The image's settings, those of the official one."""
    changes = (
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"ENV BIN_NAME=consul VERSION={versions.CONSUL}",
        "VOLUME /consul/data",
        *(f"EXPOSE {port}" for port in PORTS),
        'ENTRYPOINT ["docker-entrypoint.sh"]',
        'CMD ["agent", "-dev", "-client", "0.0.0.0"]',
        f"LABEL org.opencontainers.image.version={versions.CONSUL}",
        f"LABEL {LABEL}={recipe()}",
    )
    return [part for change in changes for part in ("--change", change)]

"""Tar archives of images: a layer, and the format that `docker load` and containerd read. Same input, same bytes."""

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.found import SetupError

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
UID, GID = 100, 1000
ENTRY_POINT = "usr/local/bin/docker-entrypoint.sh"
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
    f"consul:x:{UID}:{GID}::/home/consul:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nconsul:x:{GID}:consul\nnobody:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
# What the official entry point calls, on busybox: it runs Consul as another user.
SU_EXEC = """#!/bin/sh
shift
exec su -p -s /bin/sh -c 'exec "$@"' -- consul sh "$@"
"""
FOLDERS = ("dev", "home", "proc", "root", "sys", "var/run")
FOLDERS_OF_CONSUL = ("consul", "consul/data", "consul/config", "home/consul")


class Layer:
    """A tar archive that is being written. Parent folders are added automatically."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        """``archive`` is open for writing."""
        self._archive = archive
        self._folders = {"."}

    def folder(self, name: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Adds a folder."""
        self._folders.add(name)
        self._add(name, mode, None, uid=uid, gid=gid, type=tarfile.DIRTYPE)

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Adds a file."""
        self._add(name, mode, io.BytesIO(content), size=len(content))

    def link(self, name: str, target: str) -> None:
        """Adds a symbolic link."""
        self._add(name, 0o777, None, type=tarfile.SYMTYPE, linkname=target)

    def _add(self, name: str, mode: int, content: io.BytesIO | None, **fields: Any) -> None:
        parent = str(Path(name).parent)
        if parent not in self._folders:
            self.folder(parent)
        info = tarfile.TarInfo(name)
        # A new TarInfo has the time 0 and the user root, so the bytes depend on nothing else.
        for field, value in {"mode": mode, **fields}.items():
            setattr(info, field, value)
        self._archive.addfile(info, content)


def write(
    output: Path,
    *,
    consul: Path,
    busybox: Path,
    applets: Iterable[str],
    entry_point: Path,
    certificates: Path | None,
) -> None:
    """Writes the layer of the Consul image, with the paths of the official image."""
    with tarfile.open(output, "w", format=tarfile.GNU_FORMAT) as archive:
        layer = Layer(archive)
        layer.folder("tmp", mode=0o1777)
        for folder in FOLDERS:
            layer.folder(folder)
        for folder in FOLDERS_OF_CONSUL:
            layer.folder(folder, uid=UID, gid=GID)
        for name, text in FILES.items():
            layer.file(name, text.encode())
        if certificates:
            layer.file("etc/ssl/certs/ca-certificates.crt", certificates.read_bytes())
        # dumb-init only reaps orphans, and agents start no processes.
        script = entry_point.read_text().replace("#!/usr/bin/dumb-init /bin/sh", "#!/bin/sh")
        layer.file(ENTRY_POINT, script.encode(), mode=0o755)
        layer.file("sbin/su-exec", SU_EXEC.encode(), mode=0o755)
        layer.file("bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            layer.link(f"bin/{applet}", "/bin/busybox")
        layer.link("usr/bin/env", "/bin/busybox")
        layer.link("sbin/nologin", "/bin/busybox")
        layer.file("bin/consul", consul.read_bytes(), mode=0o755)


def write_image(output: Path, name: str, layer: Path, config: dict[str, Any]) -> None:
    """Writes an image of one layer in the format of `docker save`; ``config`` is an OCI image configuration."""
    content = layer.read_bytes()
    machine = platform.machine()
    image = {
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
    }
    described = json.dumps(image).encode()
    config_name = f"{hashlib.sha256(described).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(output, "w", format=tarfile.GNU_FORMAT) as archive:
        files = Layer(archive)
        files.file(config_name, described)
        files.file("manifest.json", json.dumps(manifest).encode())
        files.file("layer.tar", content)


def applets_of(busybox: Path) -> list[str]:
    """The commands in a busybox."""
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=False).stdout.split()
    if "sh" not in listed:
        raise SetupError(f"{busybox} has no shell; install another statically linked busybox and run it again.")
    return listed


def is_static(program: Path) -> bool:
    """Whether a program needs no loader: the start of its ELF file names none."""
    head = program.read_bytes()[:4096]
    return head.startswith(b"\x7fELF") and b"/ld-" not in head

"""The file system of a locally built Consul image, in the official image's layout, as a reproducible archive."""

import io
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from toolchain.errors import SetupError

UID, GID = 100, 1000
ENTRY_POINT = "usr/local/bin/docker-entrypoint.sh"
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
    f"consul:x:{UID}:{GID}::/home/consul:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nconsul:x:{GID}:consul\nnobody:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
FOLDERS = (
    "bin",
    "dev",
    "etc",
    "etc/ssl",
    "etc/ssl/certs",
    "home",
    "proc",
    "root",
    "sbin",
    "sys",
    "tmp",
    "usr",
    "usr/bin",
)
FOLDERS_OF_CONSUL = ("consul", "consul/data", "consul/config", "home/consul")


def write(
    output: Path,
    *,
    consul: Path,
    busybox: Path,
    applets: Iterable[str],
    entry_point: Path,
    certificates: Path | None,
) -> None:
    """Writes the archive: same inputs, same bytes."""
    with tarfile.open(output, "w", format=tarfile.GNU_FORMAT) as archive:
        for folder in (*FOLDERS, "usr/local", "usr/local/bin", "var", "var/run"):
            add_folder(archive, folder, mode=0o1777 if folder == "tmp" else 0o755)
        for folder in FOLDERS_OF_CONSUL:
            add_folder(archive, folder, uid=UID, gid=GID)
        for name, text in FILES.items():
            add_bytes(archive, name, text.encode())
        if certificates:
            add_bytes(archive, "etc/ssl/certs/ca-certificates.crt", certificates.read_bytes())
        add_bytes(archive, ENTRY_POINT, entry_point.read_bytes(), mode=0o755)
        add_bytes(archive, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            add_link(archive, f"bin/{applet}", "/bin/busybox")
        add_link(archive, "usr/bin/env", "/bin/busybox")
        add_link(archive, "sbin/nologin", "/bin/busybox")
        add_bytes(archive, "bin/consul", consul.read_bytes(), mode=0o755)


def applets_of(busybox: Path) -> list[str]:
    """The commands that a busybox offers."""
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=False).stdout.split()
    if "sh" not in listed:
        raise SetupError(f"{busybox} offers no shell; install another statically linked busybox and run it again.")
    return listed


def is_static(program: Path) -> bool:
    """Whether a program needs no loader: its ELF header table names no interpreter."""
    head = program.read_bytes()[:4096]
    return head.startswith(b"\x7fELF") and b"/ld-" not in head


def entry(name: str, mode: int, uid: int, gid: int) -> tarfile.TarInfo:
    """A header without a trace of this machine or hour."""
    info = tarfile.TarInfo(name)
    info.mode, info.uid, info.gid, info.mtime = mode, uid, gid, 0
    return info


def add_folder(archive: tarfile.TarFile, name: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
    """A folder."""
    info = entry(name, mode, uid, gid)
    info.type = tarfile.DIRTYPE
    archive.addfile(info)


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """A file."""
    info = entry(name, mode, 0, 0)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    """A symbolic link."""
    info = entry(name, 0o777, 0, 0)
    info.type, info.linkname = tarfile.SYMTYPE, target
    archive.addfile(info)

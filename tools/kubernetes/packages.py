"""Programs from Debian's packages, unpacked into the cache: installing them would start or replace services."""

import os
import shutil
from pathlib import Path

from toolchain import cache, debian, search_path


def etcd() -> Path:
    """The database of the API server."""
    return command("etcd", "etcd-server")


def command(name: str, package: str) -> Path:
    """The command that is installed, else the one of Debian's package."""
    own = search_path.installed(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if own:
        return Path(own)
    for folder in ("usr/bin", "usr/sbin"):
        found = unpacked(package) / folder / name
        if os.access(found, os.X_OK):
            return found
    raise FileNotFoundError(f"{name} is not in Debian's package {package}")


def unpacked(package: str) -> Path:
    """The files of a package, fetched once."""
    found = cache.finished(f"debian-{package}")
    if found is None:
        with cache.lock():
            found = cache.entry(
                f"debian-{package}",
                lambda folder: debian.unpacked(package, folder, instead=f"install {package} or a program that is it"),
            )
    return found

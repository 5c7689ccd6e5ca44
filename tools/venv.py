"""The virtual environment, exactly as locked."""

import os
import sys
from hashlib import sha256

from toolchain import places, progress, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Python packages"


def find() -> Found:
    """The virtual environment, if it was completed from the present lock by a Python of the same version."""
    stamp = places.VENV / ".complete"
    if not stamp.is_file() or stamp.read_text() != wanted():
        return missing(TOOL)
    return Found(TOOL, f"Python {sys.version.split()[0]}", str(places.VENV), Origin.DOWNLOADED)


def setup() -> Found:
    """Makes it anew unless it is there; not renamed into place, since its scripts hold its path."""
    found = find()
    if found.present:
        return found
    if sys.version_info < versions.PYTHON_MINIMUM:
        raise SetupError("Python 3.11 or newer is needed; run it again with one, for example PYTHON=python3.12.")
    stamp, lock = places.VENV / ".complete", places.ROOT / "requirements.lock"
    if not lock.is_file():
        raise SetupError("requirements.lock is missing from the work tree; check it out again.")
    stamp.unlink(missing_ok=True)
    # Not always this very Python: it may be the one in .venv, which is about to be cleared.
    python = getattr(sys, "_base_executable", sys.executable)
    progress.run([python, "-m", "venv", "--clear", places.VENV], doing="making .venv", usually="5 s")
    pip = (places.VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    install = (*pip, "install", "--require-hashes", "-r", lock)
    progress.run(install, doing="installing the locked Python packages", usually="30 s", cwd=places.ROOT)
    partial = stamp.with_suffix(".partial")
    partial.write_text(wanted())
    os.replace(partial, stamp)
    return find()


def wanted() -> str:
    """What the stamp of a complete environment says."""
    lock = places.ROOT / "requirements.lock"
    locked = sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "no lock"
    return f"{sys.version.split()[0]} {places.VENV} {locked}\n"

"""The cache: an entry is complete or it does not exist, and each entry has its own lock."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tools import places, progress


def digest(folder: Path, pattern: str = "*") -> str:
    """Eight characters that change with the content of any file in the folder that matches the pattern."""
    total = sha256()
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            total.update(f"{path.relative_to(folder)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:8]


def finished(name: str) -> Path | None:
    """The folder of an entry, or None if it was never completed."""
    path = places.cache() / name
    return path if path.exists() else None


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of an entry. If it does not exist, ``make(folder)`` fills a new folder, which is then renamed."""
    final = places.cache() / name
    if final.exists():
        return final
    with lock(name, f"Another process makes {name}; waiting for it."):
        # The process that held the lock may have made it.
        if final.exists():
            return final
        for stale in final.parent.glob(f".{name}.*"):
            shutil.rmtree(stale, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=final.parent))
        try:
            make(partial)
            partial.chmod(0o755)
            os.rename(partial, final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


@contextmanager
def lock(name: str, waiting: str) -> Iterator[None]:
    """Holds the lock of that name. The kernel releases it when the process ends."""
    path = places.cache() / ".locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Finished things under final names: an entry is there whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from toolchain import locks, places


def digest(folder: Path, pattern: str = "*") -> str:
    """Eight characters that change with any file of the folder, or any of that pattern."""
    total = sha256()
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            total.update(f"{path.relative_to(folder)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:8]


def finished(name: str) -> Path | None:
    """The entry of that name, if it was ever completed."""
    path = places.cache() / name
    return path if path.exists() else None


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """The entry of that name, made now by ``make(folder)`` unless it is there.

    The folder that ``make`` fills is renamed when it returns, so an interrupted run leaves only something that the
    next one sweeps away. Call it under ``lock``.
    """
    final = places.cache() / name
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
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
def lock() -> Iterator[None]:
    """One set-up at a time."""
    with locks.held(places.cache() / ".lock", "Another set-up is running; waiting for it to finish."):
        yield

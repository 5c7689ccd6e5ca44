"""One at a time: locks of files, which the system drops with the process that holds them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import progress


@contextmanager
def held(path: Path, waiting: str) -> Iterator[None]:
    """Holds the lock of a file, after saying ``waiting`` if somebody else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(waiting)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""Reading what lies in the program's folder, and nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

MAX_FILES = 100_000
"""In one folder. Links can make a folder endless without any of them leading back."""


class PathError(Exception):
    """What is wrong with a path, and the fix."""


def locate(root: Path, given: str) -> Path:
    """The path, all links followed, that a setting names relative to the program's folder `root`.

    Raises PathError if there is nothing, or if it lies outside of `root`.
    """
    if not isinstance(given, str) or not given or Path(given).is_absolute():
        raise PathError(f"expected a path relative to the program's folder, got {given!r}")
    try:
        return inside(root, root / given)
    except (OSError, RuntimeError, ValueError) as error:
        raise PathError(f"{given!r} {_reason(error)}, give a path relative to the program's folder") from None


def inside(root: Path, path: Path) -> Path:
    """`path` with all links followed. Raises PathError if that leads out of `root`, OSError if it leads nowhere."""
    found = path.resolve(strict=True)
    if not found.is_relative_to(root.resolve()):
        raise PathError(f"{shown(path, root)!r} leads out of the program's folder, copy it into that folder")
    return found


def shown(path: Path, root: Path) -> str:
    """`path` as messages name it: from the program's folder on, the same on every machine and system."""
    for folder in (root, root.resolve()):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


def read(path: Path, limit: int) -> bytes:
    """The bytes of a file as they are. Raises PathError if it cannot be read, or for more than `limit` bytes."""
    try:
        if not path.is_file():
            raise PathError(f"names {'a folder' if path.is_dir() else 'no regular file'}, give a file")
        if (size := path.stat().st_size) > limit:
            raise PathError(f"has {size} bytes, at most {limit} fit")
        return path.read_bytes()
    except OSError as error:
        raise PathError(f"{_reason(error)}, make it readable") from None


def walk(folder: Path, root: Path) -> Iterator[Path | PathError]:
    """All files below `folder`, links followed, in the order of their names, and what is wrong with the others.

    Left out are hidden files and folders, which begin with a dot, and the backups of editors, which end with a tilde.
    """
    for count, path in enumerate(_below(folder, root, ())):
        if count == MAX_FILES:
            yield PathError(f"holds more than {MAX_FILES} files, give a smaller folder")
            return
        yield path


def _below(path: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path | PathError]:
    try:
        real = inside(root, path)
        if not real.is_dir():
            yield path
            return
        if real in above:
            yield PathError(f"{shown(path, root)!r} is a link to a folder that holds it, remove it")
            return
        names = sorted(os.listdir(real))
    except PathError as refused:
        yield refused
        return
    except (OSError, RuntimeError) as error:
        yield PathError(f"{shown(path, root)!r} {_reason(error)}, make it readable or remove it")
        return
    for name in names:
        if not (name.startswith(".") or name.endswith("~")):
            yield from _below(path / name, root, (*above, real))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"

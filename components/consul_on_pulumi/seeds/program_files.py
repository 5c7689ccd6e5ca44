"""Reads files in the program's folder, and no others."""

import os
from collections.abc import Iterator
from pathlib import Path

MAX_FILES = 100_000
"""The most files in one folder. Links can make a folder endless without a cycle."""


class PathError(Exception):
    """The problem of a path, and the fix."""


def locate(root: Path, given: str) -> Path:
    """The real path of `given`, which is relative to the program's folder `root`.

    Raises PathError if it does not exist or is outside of `root`.
    """
    if not isinstance(given, str) or not given or Path(given).is_absolute():
        raise PathError(f"expected a path relative to the program's folder, got {given!r}")
    try:
        return inside(root, root / given)
    except (OSError, RuntimeError, ValueError) as error:
        raise PathError(f"{given!r} {_reason(error)}, give a path relative to the program's folder") from None


def inside(root: Path, path: Path) -> Path:
    """The real path of `path`. Raises PathError if it is outside of `root`, OSError if it does not exist."""
    real = path.resolve(strict=True)
    if not real.is_relative_to(root.resolve()):
        raise PathError(f"{display_name(path, root)!r} is outside of the program's folder, copy it into that folder")
    return real


def display_name(path: Path, root: Path) -> str:
    """`path` as messages show it: relative to the program's folder and with slashes on every system."""
    for folder in (root, root.resolve()):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


def read(path: Path, limit: int) -> bytes:
    """The content of a file. Raises PathError if it cannot be read or has more than `limit` bytes."""
    try:
        if not path.is_file():
            raise PathError(f"names {'a folder' if path.is_dir() else 'no regular file'}, give a file")
        if (size := path.stat().st_size) > limit:
            raise PathError(f"has {size} bytes, at most {limit} fit")
        return path.read_bytes()
    except OSError as error:
        raise PathError(f"{_reason(error)}, make it readable") from None


def walk(folder: Path, root: Path) -> Iterator[Path | PathError]:
    """All files below `folder` in the order of their names, following links, and the problems of unreadable ones.

    Hidden files and folders (`.x`) and backups of editors (`x~`) are left out.
    """
    for count, path in enumerate(_below(folder, root, ())):
        if count == MAX_FILES:
            yield PathError(f"has more than {MAX_FILES} files, give a smaller folder")
            return
        yield path


def _below(path: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path | PathError]:
    try:
        real = inside(root, path)
        if not real.is_dir():
            yield path
            return
        if real in above:
            yield PathError(f"{display_name(path, root)!r} is a link to a folder that contains it, remove it")
            return
        names = sorted(os.listdir(real))
    except PathError as error:
        yield error
        return
    except (OSError, RuntimeError) as error:
        yield PathError(f"{display_name(path, root)!r} {_reason(error)}, make it readable or remove it")
        return
    for name in names:
        if not (name.startswith(".") or name.endswith("~")):
            yield from _below(path / name, root, (*above, real))


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"

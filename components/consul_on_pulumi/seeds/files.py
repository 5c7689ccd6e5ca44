"""Entries from files: a folder of them, or single ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.seeds import program_files
from consul_on_pulumi.seeds.documents import MAX_DOCUMENT, can_expand, expand
from consul_on_pulumi.seeds.found import Fault, Found, Place
from consul_on_pulumi.seeds.program_files import PathError
from consul_on_pulumi.seeds.tree import DocumentError, Unfit


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one set are read."""

    root: Path
    """The program's folder."""
    expand: bool
    """Whether documents become one key for each leaf."""
    max_value: int
    """Bytes."""


def folder(given: str, reading: Reading) -> Iterator[Found | Fault]:
    """Every file below a folder, each under its path from there on."""
    place = Place("folder")
    try:
        if not program_files.locate(reading.root, given).is_dir():
            raise PathError(f"expected a folder, got the file {given!r}: name it under files")
    except PathError as refused:
        yield Fault(place, str(refused))
        return
    top, empty = reading.root / given, True
    for path in program_files.walk(top, reading.root):
        empty = False
        if isinstance(path, PathError):
            yield Fault(place, str(path))
        else:
            yield from _entries("folder", path.relative_to(top).as_posix(), path, reading)
    if empty:
        yield Fault(place, f"{given!r} holds no files (hidden ones and *~ do not count), add some or leave it out")


def files(given: Mapping[str, str], reading: Reading) -> Iterator[Found | Fault]:
    """Single files, each under the key that it is given."""
    for key, name in given.items():
        try:
            program_files.locate(reading.root, name)
        except PathError as refused:
            yield Fault(Place(f"files.{key}"), str(refused))
            continue
        if key or (reading.expand and can_expand(PurePath(name))):
            yield from _entries("files", key, reading.root / name, reading)
        else:
            yield Fault(Place("files", name), "needs a key, because it is not expanded")


def _entries(setting: str, key: str, path: Path, reading: Reading) -> Iterator[Found | Fault]:
    place = Place(setting, program_files.shown(path, reading.root))
    try:
        if reading.expand and can_expand(path):
            yield from _leaves(place, _without_extension(key, path), path)
        else:
            yield Found(place, key, Seed(program_files.read(path, reading.max_value)))
    except PathError as refused:
        yield Fault(place, str(refused), key)


def _leaves(place: Place, stem: str, path: Path) -> Iterator[Found | Fault]:
    content = program_files.read(path, MAX_DOCUMENT)
    try:
        for name, leaf in expand(path, content):
            key = f"{stem}/{name}" if stem else name
            if isinstance(leaf, Unfit):
                yield Fault(place, leaf.text, key)
                continue
            try:
                yield Found(place, key, Seed(leaf.encode()))
            except UnicodeEncodeError:
                yield Fault(place, kv_tree.HALF_A_PAIR, key)
    except DocumentError as malformed:
        yield Fault(place, str(malformed))


def _without_extension(key: str, path: PurePath) -> str:
    return key[: -len(path.suffix)] if PurePath(key).suffix.lower() == path.suffix.lower() else key

"""Entries from a folder of files, and from single files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.seeds import program_files
from consul_on_pulumi.seeds.documents import MAX_DOCUMENT, can_expand, expand
from consul_on_pulumi.seeds.program_files import PathError
from consul_on_pulumi.seeds.source import Entry, Problem, Source, plain
from consul_on_pulumi.seeds.tree import DocumentError, InvalidValue


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the files of one set are read."""

    root: Path
    """The program's folder."""
    expand: bool
    """Whether documents are expanded to one key for each leaf."""
    max_value: int
    """The most bytes of one value."""
    whole: tuple[str, ...] = ()
    """Patterns of the keys of documents that are not expanded."""
    found: set[str] = field(default_factory=set)
    """The patterns in `whole` that have matched so far."""

    def expands(self, key: str, path: PurePath) -> bool:
        """Whether the file with this key is expanded."""
        matching = {pattern for pattern in self.whole if fnmatchcase(key, pattern)}
        self.found.update(matching)
        return self.expand and not matching and can_expand(path)


def folder(given: str, options: ReadOptions) -> Iterator[Entry | Problem]:
    """Every file below a folder; the key is its path in the folder."""
    source = Source("folder")
    try:
        if not program_files.locate(options.root, given).is_dir():
            raise PathError(f"expected a folder, got the file {given!r}: give it in files")
    except PathError as error:
        yield Problem(source, str(error))
        return
    top, empty = options.root / given, True
    for path in program_files.walk(top, options.root):
        empty = False
        if isinstance(path, PathError):
            yield Problem(source, str(path))
        else:
            yield from _entries("folder", path.relative_to(top).as_posix(), path, options)
    if empty:
        yield Problem(source, f"{given!r} has no files (hidden ones and *~ do not count), add some or leave it out")


def files(given: Mapping[str, str], options: ReadOptions) -> Iterator[Entry | Problem]:
    """Single files, by the keys that the settings give them."""
    for key, name in given.items():
        try:
            program_files.locate(options.root, name)
        except PathError as error:
            yield Problem(Source(f"files.{key}"), str(error))
            continue
        if key or options.expands(key, PurePath(name)):
            yield from _entries("files", key, options.root / name, options)
        else:
            yield Problem(Source("files", name), "needs a key because it is not expanded")


def _entries(setting: str, key: str, path: Path, options: ReadOptions) -> Iterator[Entry | Problem]:
    source = Source(setting, program_files.display_name(path, options.root))
    try:
        if not options.expands(key, path):
            yield Entry(source, key, Seed(program_files.read(path, options.max_value)))
            return
        prefix = _without_extension(key, path)
        for name, leaf in expand(path, program_files.read(path, MAX_DOCUMENT)):
            leaf_key = f"{prefix}/{name}" if prefix else name
            if isinstance(leaf, InvalidValue):
                yield Problem(source, leaf.text, leaf_key)
            else:
                yield plain(source, leaf_key, leaf, options.max_value)
    except PathError as error:
        yield Problem(source, str(error), key)
    except DocumentError as error:
        yield Problem(source, str(error))


def _without_extension(key: str, path: PurePath) -> str:
    return key[: -len(path.suffix)] if PurePath(key).suffix.lower() == path.suffix.lower() else key

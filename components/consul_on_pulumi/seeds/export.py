"""Entries from a file written by `consul kv export`."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consul_on_pulumi.model.seed import MAX_FLAGS, Seed
from consul_on_pulumi.seeds import program_files
from consul_on_pulumi.seeds.documents import decode
from consul_on_pulumi.seeds.program_files import PathError
from consul_on_pulumi.seeds.source import Entry, Problem, Source
from consul_on_pulumi.seeds.tree import DocumentError

MAX_EXPORT = 256 * 1024 * 1024
"""The most bytes of one export."""


def export(given: str, root: Path) -> Iterator[Entry | Problem]:
    """Every entry of the export, with its key, flags and value.

    The format is a JSON list of `{"key": "a", "flags": 0, "value": "eA=="}` (Consul, command/kv/impexp/kvimpexp.go).
    """
    source = Source("export")
    try:
        path = program_files.locate(root, given)
        source = Source("export", program_files.display_name(root / given, root))
        entries = _entries(program_files.read(path, MAX_EXPORT))
    except (PathError, DocumentError) as error:
        yield Problem(source, str(error))
        return
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            yield Problem(source, f"entry {number} has no key, export it again")
            continue
        seed = _seed(entry)
        if isinstance(seed, Seed):
            yield Entry(source, entry["key"], seed)
        else:
            yield Problem(source, seed, entry["key"])


def _entries(content: bytes) -> list[Any]:
    try:
        entries = json.loads(decode(content))
    except json.JSONDecodeError as error:
        raise DocumentError(f"has a syntax error in line {error.lineno}, {error.msg}: export it again") from None
    except (ValueError, RecursionError):
        # A number with thousands of digits, or lists that are nested too deep.
        entries = None
    if not isinstance(entries, list):
        raise DocumentError("has no list of entries, give a file that `consul kv export` wrote")
    return entries


def _seed(entry: dict[str, Any]) -> Seed | str:
    """The entry to store, or why it cannot be stored."""
    flags, value = entry.get("flags", 0), entry.get("value")
    if isinstance(flags, bool) or not isinstance(flags, int) or not 0 <= flags <= MAX_FLAGS:
        return f"expected flags from 0 to {MAX_FLAGS}, got {flags!r}"
    if any((entry.get(division) or "default") != "default" for division in ("namespace", "partition")):
        return "is in a namespace or partition of Consul Enterprise, export the default one"
    try:
        if isinstance(value, str):
            return Seed(base64.b64decode(value, validate=True), flags)
    except ValueError:
        pass
    return "has a value that is not base64, export it again"

"""Entries from a file that `consul kv export` wrote."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consul_on_pulumi.model.seed import MAX_FLAGS, Seed
from consul_on_pulumi.seeds import program_files
from consul_on_pulumi.seeds.documents import decoded
from consul_on_pulumi.seeds.found import Fault, Found, Place
from consul_on_pulumi.seeds.program_files import PathError
from consul_on_pulumi.seeds.tree import DocumentError

MAX_EXPORT = 256 * 1024 * 1024
"""Bytes of one export."""


def export(given: str, root: Path) -> Iterator[Found | Fault]:
    """Every entry of the export, with its key, flags and value as they are there.

    The format is a JSON list of `{"key": "a", "flags": 0, "value": "eA=="}` (Consul, command/kv/impexp/kvimpexp.go).
    """
    place = Place("export")
    try:
        path = program_files.locate(root, given)
        place = Place("export", program_files.shown(root / given, root))
        listed = _listed(program_files.read(path, MAX_EXPORT))
    except (PathError, DocumentError) as refused:
        yield Fault(place, str(refused))
        return
    for number, entry in enumerate(listed, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            yield Fault(place, f"entry {number} has no key, export it anew")
            continue
        seed = _seed(entry)
        if isinstance(seed, Seed):
            yield Found(place, entry["key"], seed)
        else:
            yield Fault(place, seed, entry["key"])


def _listed(content: bytes) -> list[Any]:
    try:
        found = json.loads(decoded(content))
    except json.JSONDecodeError as error:
        raise DocumentError(f"has a syntax error in line {error.lineno}, {error.msg}: export it anew") from None
    except (ValueError, RecursionError):
        # A number of thousands of digits, or lists in lists in lists.
        found = None
    if not isinstance(found, list) or not found:
        raise DocumentError("holds no list of entries, give a file that `consul kv export` wrote")
    return found


def _seed(entry: dict[str, Any]) -> Seed | str:
    """The entry as it is stored, or what is wrong with it."""
    flags, value = entry.get("flags", 0), entry.get("value")
    if isinstance(flags, bool) or not isinstance(flags, int) or not 0 <= flags <= MAX_FLAGS:
        return f"expected flags from 0 to {MAX_FLAGS}, got {flags!r}"
    if any((entry.get(division) or "default") != "default" for division in ("namespace", "partition")):
        return "lies in a namespace or partition of Consul Enterprise, export the default one"
    try:
        if isinstance(value, str):
            return Seed(base64.b64decode(value, validate=True), flags)
    except ValueError:
        pass
    return "has a value that is no base64, export it anew"

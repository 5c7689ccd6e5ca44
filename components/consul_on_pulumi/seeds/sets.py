"""Sets of KV entries: the entries of one set from all its sources, and keys that are in two sets."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pulumi

from consul_on_pulumi import outputs
from consul_on_pulumi.model import kv_tree
from consul_on_pulumi.model.seed import Seeds
from consul_on_pulumi.schema.check import is_refused
from consul_on_pulumi.seeds import files
from consul_on_pulumi.seeds.export import export
from consul_on_pulumi.seeds.source import Entry, Problem, Source, plain

SOURCES = ("entries", "folder", "files", "export", "secrets")
"""The settings of a set that entries can come from. All may be given at once."""


def read(args: Mapping[str, Any], root: Path, path: str, max_value: int = kv_tree.MAX_VALUE) -> tuple[Seeds, list[str]]:
    """The entries of one set without its secrets, sorted by full key, and all problems of the set.

    `args` are a SeedSetArgs that may lack keys, `root` is the program's folder, `path` names the set in problems,
    such as `cluster.seed_sets.app`, and `max_value` is the most bytes that the servers accept in one value.
    """
    problems = list(_problems(args, path))
    prefix = args.get("prefix", "")
    seeds: Seeds = {}
    sources: dict[str, Source] = {}
    # Whoever gives `expand` a wrong value wants expanded files, whose keys are checked then.
    expand = args.get("expand", is_refused(args, "expand"))
    options = files.ReadOptions(root, expand, max_value, tuple(args.get("whole", ())))
    for item in _sources(args, options):
        if item.key is None:
            problems.append(f"{path}.{item.source}: {item.text}")
            continue
        key = prefix + item.key
        found = [kv_tree.key_problem(key)]
        if isinstance(item, Problem):
            found.append(item.text)
        else:
            found.append(_duplicate(sources.get(key), item.source))
            if item.seed:
                found.append(kv_tree.size_problem(len(item.seed.value), max_value))
                seeds[key] = item.seed
        problems += [f"{path}.{item.source}: key {key!r} {problem}" for problem in found if problem]
        sources.setdefault(key, item.source)
    problems += [
        f"{path}.whole: no file has the key {pattern!r}, which is its path in the folder: correct it or leave it out"
        for pattern in sorted(set(options.whole) - options.found)
    ]
    return dict(sorted(seeds.items())), problems


def secrets(args: Mapping[str, Any], path: str, max_value: int) -> dict[str, pulumi.Input[str]]:
    """The secret values of a set, sorted by full key. One that is known only later is checked when it is known."""
    prefix = args.get("prefix", "")
    return {
        f"{prefix}{key}": _checked_later(value, f"{path}: key {prefix + key!r}", max_value)
        if outputs.is_output(value)
        else value
        for key, value in sorted(args.get("secrets", {}).items())
    }


def later(args: Mapping[str, Any], path: str, max_value: int) -> dict[str, pulumi.Output[str]]:
    """The texts of a set that are known only later, sorted by full key. Each is checked when it is known."""
    prefix = args.get("prefix", "")
    return {
        f"{prefix}{key}": _checked_later(value, f"{path}: key {prefix + key!r}", max_value).apply(_text)
        for key, value in sorted(kv_tree.leaves(args.get("entries", {})), key=lambda leaf: leaf[0])
        if outputs.is_output(value)
    }


def _checked_later(value: Any, key: str, max_value: int) -> pulumi.Output[Any]:
    return outputs.when_known(value, partial(_problems_of_value, key, max_value))


def _text(value: Any) -> str:
    """Every number of a provider is a float."""
    return kv_tree.as_text(int(value) if isinstance(value, float) and value.is_integer() else value)


def _problems_of_value(key: str, max_value: int, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield f"{key} has a map, whose keys have to be known in a preview: give each key an output of its own"
    elif problem := kv_tree.value_problem(value, max_value):
        yield f"{key} {problem}"


def without_outputs(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with an empty text in place of each value that is known only later."""
    return {
        name: without_outputs(value) if isinstance(value, Mapping) else "" if outputs.is_output(value) else value
        for name, value in tree.items()
    }


def overlaps(sets: Mapping[str, Iterable[str]], path: str) -> Iterator[str]:
    """The problems of sets that have the same key. A set is named by its setting below `path`: `seed_sets.app`."""
    owners: dict[str, str] = {}
    shared: dict[tuple[str, str], list[str]] = {}
    for name, keys in sets.items():
        for key in keys:
            if (owner := owners.setdefault(key, name)) != name:
                shared.setdefault((name, owner), []).append(key)
    for (name, owner), keys in shared.items():
        listed = ", ".join(map(repr, sorted(keys)[:5])) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
        be = "key {} is" if len(keys) == 1 else "keys {} are"
        yield f"{path}.{name}: {be.format(listed)} also in {path}.{owner}, keep each in one"


def _sources(args: Mapping[str, Any], options: files.ReadOptions) -> Iterator[Entry | Problem]:
    for key, value in kv_tree.leaves(without_outputs(args.get("entries", {}))):
        yield plain(Source("entries"), key, value, options.max_value)
    if "folder" in args:
        yield from files.folder(args["folder"], options)
    yield from files.files(args.get("files", {}), options)
    if "export" in args:
        yield from export(args["export"], options.root)
    yield from _secrets(args.get("secrets", {}), options.max_value)


def _secrets(given: Mapping[str, pulumi.Input[str]], max_value: int) -> Iterator[Entry | Problem]:
    """The keys of secret values. Only values that are known already are checked."""
    for key, value in given.items():
        if isinstance(value, str) and (problem := kv_tree.value_problem(value, max_value)):
            yield Problem(Source("secrets"), problem, key)
        else:
            yield Entry(Source("secrets"), key)


def _problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """Settings that contradict each other."""
    given = [source for source in SOURCES if args.get(source) not in (None, {}) or is_refused(args, source)]
    if not given:
        yield f"{path}: holds nothing, give it {', '.join(SOURCES[:-1])} or {SOURCES[-1]}, or leave it out"
    if "expand" in args and not {"folder", "files"}.intersection(given):
        yield f"{path}.expand: there is nothing to expand, give folder or files or leave it out"
    if args.get("whole") and not args.get("expand"):
        yield f"{path}.whole: every file is kept whole, set expand: true or leave it out"


def _duplicate(before: Source | None, now: Source) -> str | None:
    if before is None:
        return None
    return "is given twice, keep one" if before == now else f"is also in {before.file or before.setting}, keep one"

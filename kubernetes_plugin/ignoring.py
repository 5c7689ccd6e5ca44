"""The resource option `ignoreChanges`: paths that a program leaves to others."""

import re
from typing import Any

from kubernetes_plugin.objects import Object
from kubernetes_plugin.replacing import Path

_MISSING = object()
STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


def parsed(path: str) -> Path:
    """A property path as its steps."""
    steps: list[str | int] = []
    for quoted, index, name in STEP.findall(path):
        if index:
            steps.append(index if index == "*" else int(index))
        else:
            steps.append(quoted.replace('\\"', '"') or name)
    return tuple(steps)


def ignored(path: Path, ignore_changes: list[str]) -> bool:
    """Whether a path is one of those ignored, or lies in one."""
    return any(_contains(parsed(ignore), path) for ignore in ignore_changes)


def _contains(outer: Path, inner: Path) -> bool:
    return len(outer) <= len(inner) and all(mine in ("*", step) for mine, step in zip(outer, inner, strict=False))


def with_live(new: Object, live: Object, ignore_changes: list[str]) -> Object:
    """The new inputs in which what is ignored has the live object's value, so that applying them changes nothing."""
    for ignore in ignore_changes:
        new = _taken(new, live, parsed(ignore))
    return new


def _taken(new: Any, live: Any, path: Path) -> Any:
    if not path:
        return live
    step, rest = path[0], path[1:]
    if isinstance(new, dict) and isinstance(live, dict) and step in live and (step in new or not rest):
        return new | {step: _taken(new.get(step), live[step], rest)}
    if isinstance(new, list) and isinstance(live, list):
        return [
            _taken(item, live[index], rest) if step in ("*", index) and index < len(live) else item
            for index, item in enumerate(new)
        ]
    return new

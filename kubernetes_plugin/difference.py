"""What differs between the last known live object and the new inputs, property by property.

Rules: ``Diff`` and ``patchConverter`` in ``provider/pkg/provider/provider.go``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kubernetes_plugin.objects import UNKNOWN, Object, name_of, namespace_of, part, with_part, without_part
from kubernetes_plugin.replacing import Path, replaces
from kubernetes_plugin.shape import normalized, pruned, with_dropped

_MISSING = object()


class Change(Enum):
    """How a property changes."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One property that changes."""

    path: Path
    change: Change
    replaces: bool

    @property
    def property_path(self) -> str:
        """The path as Pulumi writes it: ``metadata.labels["app.kubernetes.io/name"]``."""
        return spell(self.path)


def spell(path: Path) -> str:
    """A path as Pulumi writes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif any(character in step for character in '."[]'):
            text += '["' + step.replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text


def compare(
    old_inputs: Object, live: Object, new_inputs: Object, *, namespaced: bool, fields: tuple[Path, ...]
) -> list[Difference]:
    """The differences between what is there, as far as the old inputs spoke of it, and what shall be."""
    old, new = normalized(old_inputs), normalized(new_inputs)
    there = with_dropped(pruned(normalized(live), old), old)
    if new.get("metadata") == UNKNOWN:
        # Nothing can be said of the name and the namespace in it.
        there = there | {"metadata": {}}
    elif namespaced:
        there = with_part(there, namespace_of(there) or "default", "metadata", "namespace")
        new = with_part(new, namespace_of(new) or "default", "metadata", "namespace")
    else:
        there, new = without_part(there, "metadata", "namespace"), without_part(new, "metadata", "namespace")
    if name_of(new):
        there = with_part(there, name_of(live), "metadata", "name")
    there = {key: new[key] for key in ("apiVersion", "kind") if key in new} | there
    return [Difference(path, change, replaces(path, value, fields)) for path, change, value in _changes((), there, new)]


def _changes(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Change, Any]]:
    """Path, kind of change and new value (None when taken away)."""
    if new is _MISSING:
        yield path, Change.DELETE, None
    elif old is _MISSING:
        yield path, Change.ADD, new
    elif new == UNKNOWN:
        yield path, Change.UPDATE, new
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _changes((*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _MISSING
            after = new[index] if index < len(new) else _MISSING
            yield from _changes((*path, index), before, after)
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, Change.UPDATE, new


def deletes_first(new_inputs: Object, live: Object, *, autonamed: bool, namespaced: bool) -> bool:
    """Whether a replacement has to take the old object away before, because the new one has the same name."""
    default = "default" if namespaced else ""
    return (
        bool(name_of(new_inputs))
        and not autonamed
        and name_of(new_inputs) == name_of(live)
        and (namespace_of(new_inputs) or default) == str(part(live, "metadata", "namespace") or default)
    )

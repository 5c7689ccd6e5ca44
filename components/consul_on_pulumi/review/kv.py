"""The KV entries that a preview adds, changes, moves and removes."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consul_on_pulumi.model.kv_state import BINARY, ENTRIES, FLAGS, SECRETS
from consul_on_pulumi.review.events import SECRET
from consul_on_pulumi.review.markdown import code, value
from consul_on_pulumi.review.steps import DYNAMIC, State, Step, mapping, name_of

TYPE = f"{DYNAMIC}KvEntries"


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key; `before` and `after` are its value as it may be shown, None where the key does not exist."""

    key: str
    before: str | None
    after: str | None
    source: str
    """URN of the set that has the key before."""
    target: str
    """URN of the set that has it afterwards; the same unless it moves."""

    @property
    def kind(self) -> str:
        """`added`, `changed`, `moved` or `removed`."""
        if self.source != self.target:
            return "moved"
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    @property
    def lines(self) -> list[str]:
        """The change in a diff."""
        key = json.dumps(self.key, ensure_ascii=False)
        moved = (
            [f"  {key}: moves from {name_of(self.source)} to {name_of(self.target)}"] if self.kind == "moved" else []
        )
        sides = () if moved and self.before == self.after else (("-", self.before), ("+", self.after))
        return moved + [f"{sign} {key}: {shown}" for sign, shown in sides if shown]


def changes(steps: Sequence[Step]) -> list[KeyChange]:
    """The changes of all seed sets, ordered by key. A key that one set of a cluster drops and another has moves."""
    sets = [step for step in steps if step.type == TYPE]
    kept = {(step.parent, key): (step.urn, text) for step in sets for key, text in _shown(step.after).items()}
    found: dict[tuple[str, str], KeyChange] = {}
    for step in sets:
        for change in _of_set(step):
            place = (step.parent, change.key)
            if change.after is None and place in kept:
                target, after = kept[place]
                found[place] = replace(change, after=after, target=target)
            else:
                found.setdefault(place, change)
    return sorted(found.values(), key=lambda change: change.key)


def moves(found: Sequence[KeyChange]) -> list[str]:
    """One Markdown sentence for each pair of sets between which keys move."""
    pairs = Counter((change.source, change.target) for change in found if change.kind == "moved")
    return [
        f"Seed set {code(name_of(source))} gives {count} of its KV entries to {code(name_of(target))}: "
        "they stay in the store."
        for (source, target), count in sorted(pairs.items())
    ]


def counted(found: Sequence[KeyChange]) -> str:
    """`1 added, 2 changed`."""
    kinds = Counter(change.kind for change in found)
    return ", ".join(f"{kinds[kind]} {kind}" for kind in ("added", "changed", "moved", "removed") if kinds[kind])


def by_prefix(found: Sequence[KeyChange]) -> list[str]:
    """The same for each first part of the keys, as Markdown: a summary of many changes."""
    parts: dict[str, list[KeyChange]] = {}
    for change in found:
        first, slash, _ = change.key.partition("/")
        parts.setdefault(first + slash, []).append(change)
    return [f"{code(prefix)}: {counted(some)}" for prefix, some in parts.items()]


def _of_set(step: Step) -> list[KeyChange]:
    if step.operation == "same" or (step.operation == "delete" and step.before and step.before.retained):
        return []
    before, after = _shown(step.before), _shown(step.after)
    keys = before.keys() | after.keys()
    found = [KeyChange(key, before.get(key), after.get(key), step.urn, step.urn) for key in keys]
    return [change for change in found if change.before != change.after or _changes_secretly(change, step)]


def _changes_secretly(change: KeyChange, step: Step) -> bool:
    """Whether the diff of the provider (`providers/detailed_diff.py`) names the secret value of a key."""
    path = f"{SECRETS}[{json.dumps(change.key, ensure_ascii=False)}]"
    return str(change.before).startswith(SECRET) and bool({SECRETS, path} & step.paths)


def _shown(state: State | None) -> dict[str, str]:
    """Each key with its value and flags as they may be shown."""
    flags = mapping(state, FLAGS)
    shown = {key: SECRET if text == SECRET else value(text) for key, text in mapping(state, ENTRIES).items()}
    shown |= dict.fromkeys(mapping(state, SECRETS), SECRET)
    shown |= {key: _digest(found) for key, found in mapping(state, BINARY).items()}
    return {key: f"{text} flags {flags[key]}" if key in flags else text for key, text in shown.items()}


def _digest(found: Any) -> str:
    if not isinstance(found, Mapping):
        return SECRET
    return f"{found.get('bytes')} bytes, sha256 {str(found.get('sha256'))[:12]}"

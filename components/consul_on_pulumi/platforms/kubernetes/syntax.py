"""What Kubernetes accepts as a name, a label, a toleration or a peer (apimachinery, pkg/util/validation)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
OURS = "app.kubernetes.io/"
"""Labels below this prefix are set by the program, and selected by."""
TOLERATION = {"key", "operator", "value", "effect", "tolerationSeconds"}
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PEER = {"podSelector", "namespaceSelector", "ipBlock"}


def label_fault(name: Any) -> str | None:
    """Why this is no DNS label, such as a namespace has to be, or None."""
    if isinstance(name, str) and len(name) <= 63 and _LABEL.fullmatch(name):
        return None
    return f"expected lower-case letters, digits and inner hyphens, at most 63 characters, got {name!r}"


def name_fault(name: Any) -> str | None:
    """Why this is no DNS name, such as most objects have, or None."""
    if isinstance(name, str) and len(name) <= 253 and _NAME.fullmatch(name):
        return None
    return f"expected lower-case letters, digits, inner hyphens and dots, at most 253 characters, got {name!r}"


def labels(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of labels."""
    for key, value in given.items():
        yield from _key(key, path)
        if str(key).startswith(OURS) and not path.endswith("node_selector"):
            yield f"{path}.{key}: set by the program, take another key"
        sound = isinstance(value, str) and (not value or (len(value) <= 63 and _QUALIFIED.fullmatch(value)))
        if not sound:
            yield f"{path}.{key}: expected at most 63 letters, digits and inner -_., as text, got {value!r}"


def annotations(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of annotations."""
    for key, value in given.items():
        yield from _key(key, path)
        if not isinstance(value, str):
            yield f"{path}.{key}: expected text, got {value!r}"


def toleration(given: Any, path: str) -> Iterator[str]:
    """What is wrong with a toleration."""
    if not isinstance(given, Mapping):
        yield f"{path}: expected a map with key, operator, value and effect, got {given!r}"
        return
    for key in given.keys() - TOLERATION:
        yield f"{path}.{key}: unknown, expected {', '.join(sorted(TOLERATION))}"
    operator = given.get("operator", "Equal")
    if operator not in ("Equal", "Exists"):
        yield f"{path}.operator: expected Equal or Exists, got {operator!r}"
    elif operator == "Equal" and "key" not in given:
        yield f"{path}.key: required with operator Equal"
    elif operator == "Exists" and "value" in given:
        yield f"{path}.value: not with operator Exists, drop one of the two"
    if "effect" in given and given["effect"] not in EFFECTS:
        yield f"{path}.effect: expected {', '.join(EFFECTS)}, got {given['effect']!r}"


def peer(given: Any, path: str) -> Iterator[str]:
    """What is wrong with a NetworkPolicyPeer."""
    if not isinstance(given, Mapping) or not given:
        yield f"{path}: expected a map with {', '.join(sorted(PEER))}, got {given!r}"
        return
    for key in sorted(map(str, given.keys() - PEER)):
        yield f"{path}.{key}: unknown, expected {', '.join(sorted(PEER))}"
    if "ipBlock" in given and len(given) > 1:
        yield f"{path}.ipBlock: not beside a selector, make two peers of it"


def _key(key: Any, path: str) -> Iterator[str]:
    prefix, slash, name = str(key).rpartition("/")
    sound = len(name) <= 63 and _QUALIFIED.fullmatch(name) and (not slash or not name_fault(prefix))
    if not sound:
        yield f"{path}: expected a key such as team or example.com/team, got {key!r}"

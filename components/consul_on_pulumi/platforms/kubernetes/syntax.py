"""What Kubernetes accepts: quantities, names, labels, tolerations and peers (apimachinery, pkg/util/validation)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from ipaddress import ip_network
from typing import Any

from consul_on_pulumi.schema.definition import Rule
from consul_on_pulumi.schema.rules import matching

_QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 10 * power for power, letter in enumerate("KMGTPE", start=1)}
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
OURS = "app.kubernetes.io/"
"""Labels below this prefix are set by the program, and selected by."""
TOLERATION = {"key", "operator", "value", "effect", "tolerationSeconds"}
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PEER = {"podSelector", "namespaceSelector", "ipBlock"}

LABEL_NAME = matching(_LABEL, "lower-case letters, digits and inner hyphens, at most 63 characters", 63)
"""The name of a namespace."""
OBJECT_NAME = matching(
    rf"{_LABEL}(\.{_LABEL})*", "lower-case letters, digits, inner hyphens and dots, at most 253 characters", 253
)
"""The name of most other objects."""


def amount(quantity: str) -> Decimal:
    """The number that a quantity such as 500m or 10Gi means (apimachinery, `resource.Quantity`). Raises ValueError."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no quantity")
    number, suffix = Decimal(found["number"]), found["suffix"] or "e0"
    if suffix in _BINARY:
        return number * Decimal(1 << _BINARY[suffix])
    return number.scaleb(_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))


def is_positive(quantity: object) -> bool:
    """Whether this is a quantity above zero."""
    return isinstance(quantity, str) and _QUANTITY.fullmatch(quantity) is not None and amount(quantity) > 0


QUANTITY = Rule(
    expected="a quantity such as 500m or 10Gi",
    accepts=is_positive,
    schema={"pattern": "^[0-9]+([.][0-9]+)?[A-Za-z0-9+-]*$"},
)


def quantities(given: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of quantities by resource."""
    for name, quantity in given.items():
        if not QUANTITY.accepts(quantity):
            yield f"{path}.{name}: expected {QUANTITY.expected}, got {quantity!r}"


def object_name(given: str, path: str) -> Iterator[str]:
    """What is wrong with the name of an object."""
    if not OBJECT_NAME.accepts(given):
        yield f"{path}: expected {OBJECT_NAME.expected}, got {given!r}"


def network(given: str, path: str) -> Iterator[str]:
    """What is wrong with a network in CIDR notation."""
    try:
        ip_network(given)
    except ValueError:
        yield f"{path}: expected a network such as 10.0.0.0/8, got {given!r}"


def labels(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of labels."""
    for key, value in given.items():
        yield from _key(key, path)
        if str(key).startswith(OURS) and not path.endswith("node_selector"):
            yield f"{path}.{key}: set by the program, take another key"
        if value and not (len(value) <= 63 and _QUALIFIED.fullmatch(value)):
            yield f"{path}.{key}: expected at most 63 letters, digits and inner -_., as text, got {value!r}"


def annotations(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of annotations."""
    for key in given:
        yield from _key(key, path)


def toleration(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a toleration."""
    yield from _unknown(given, TOLERATION, path)
    operator = given.get("operator", "Equal")
    if operator not in ("Equal", "Exists"):
        yield f"{path}.operator: expected Equal or Exists, got {operator!r}"
    elif operator == "Equal" and "key" not in given:
        yield f"{path}.key: required with operator Equal"
    elif operator == "Exists" and "value" in given:
        yield f"{path}.value: not with operator Exists, drop one of the two"
    if "effect" in given and given["effect"] not in EFFECTS:
        yield f"{path}.effect: expected {', '.join(EFFECTS)}, got {given['effect']!r}"


def peer(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a NetworkPolicyPeer."""
    if not given:
        yield f"{path}: expected a map with {', '.join(sorted(PEER))}, got {given!r}"
    yield from _unknown(given, PEER, path)
    if "ipBlock" in given and len(given) > 1:
        yield f"{path}.ipBlock: not beside a selector, make two peers of it"


def _unknown(given: Mapping[Any, Any], known: set[str], path: str) -> Iterator[str]:
    for key in sorted(map(str, given.keys() - known)):
        yield f"{path}.{key}: unknown, expected {', '.join(sorted(known))}"


def _key(key: Any, path: str) -> Iterator[str]:
    prefix, slash, name = str(key).rpartition("/")
    sound = len(name) <= 63 and _QUALIFIED.fullmatch(name) and (not slash or OBJECT_NAME.accepts(prefix))
    if not sound:
        yield f"{path}: expected a key such as team or example.com/team, got {key!r}"

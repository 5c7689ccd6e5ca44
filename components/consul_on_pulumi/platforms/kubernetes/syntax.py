"""What Kubernetes accepts: quantities, names, networks and labels (apimachinery, pkg/util/validation)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from consul_on_pulumi.model.spelling import suggestion
from consul_on_pulumi.schema.definition import Rule
from consul_on_pulumi.schema.rules import matching

_QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,3})?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 10 * power for power, letter in enumerate("KMGTPE", start=1)}
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
OURS = "app.kubernetes.io/"
"""Labels below this prefix are set by the program, and selected by."""
RESOURCES = ("cpu", "memory", "ephemeral-storage")
"""What a container may request under a name without a domain, beside huge pages of some size."""
_HOST = re.compile(r"[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_CIDR = re.compile(r"[0-9A-Fa-f.:]+/\d{1,3}")

LABEL_NAME = matching(_LABEL, "lower-case letters, digits and inner hyphens, at most 63 characters", 63)
"""The name of a namespace."""
OBJECT_NAME = matching(
    rf"{_LABEL}(\.{_LABEL})*", "lower-case letters, digits, inner hyphens and dots, at most 253 characters", 253
)
"""The name of most other objects."""


def _is_host(text: str) -> bool:
    try:
        return bool(_HOST.fullmatch(text)) or ip_address(text.removeprefix("[").removesuffix("]")).version == 6
    except ValueError:
        return False


HOST = Rule(expected="a host name or an address, without scheme and port", accepts=_is_host)
"""Where browsers go."""


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
        if "/" in name:
            yield from key(name, path)
        elif name not in RESOURCES and not (name.startswith("hugepages-") and is_positive(name[len("hugepages-") :])):
            yield (
                f"{path}.{name}: expected {', '.join(RESOURCES)}, hugepages-2Mi, or a name with its domain such as "
                f"example.com/gpu{suggestion(name, RESOURCES)}"
            )
        if not QUANTITY.accepts(quantity):
            yield f"{path}.{name}: expected {QUANTITY.expected}, got {quantity!r}"


def object_name(given: str, path: str) -> Iterator[str]:
    """What is wrong with the name of an object."""
    if not OBJECT_NAME.accepts(given):
        yield f"{path}: expected {OBJECT_NAME.expected}, got {given!r}"


def network(given: str, path: str) -> Iterator[str]:
    """What is wrong with a network in CIDR notation."""
    if cidr(given, strict=True) is None:
        yield f"{path}: expected a network such as 10.0.0.0/8, got {given!r}"


def cidr(given: object, *, strict: bool = False) -> IPv4Network | IPv6Network | None:
    """The network that this text means in CIDR notation, if any; if `strict`, no address inside of one counts."""
    # Python also takes an address alone, and a netmask, which Kubernetes does not.
    if not isinstance(given, str) or not _CIDR.fullmatch(given):
        return None
    try:
        return ip_network(given, strict=strict)
    except ValueError:
        return None


def labels(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of labels."""
    for name, value in given.items():
        yield from key(name, path)
        if str(name).startswith(OURS) and not path.endswith("node_selector"):
            yield f"{path}.{name}: set by the program, take another key"
        yield from label_value(value, f"{path}.{name}")


def label_value(given: object, path: str) -> Iterator[str]:
    """What is wrong with the value of a label, of a taint or of a selector."""
    if not isinstance(given, str):
        yield f"{path}: expected text, got {given!r}, put it in quotes"
    elif given and not (len(given) <= 63 and _QUALIFIED.fullmatch(given)):
        yield f"{path}: expected at most 63 letters, digits and inner -_., as text, got {given!r}"


def annotations(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a map of annotations."""
    for name in given:
        yield from key(name, path)


def key(given: object, path: str) -> Iterator[str]:
    """What is wrong with the key of a label, of an annotation or of a taint."""
    prefix, slash, name = str(given).rpartition("/")
    sound = len(name) <= 63 and _QUALIFIED.fullmatch(name) and (not slash or OBJECT_NAME.accepts(prefix))
    if not sound:
        yield f"{path}: expected a key such as team or example.com/team, got {given!r}"

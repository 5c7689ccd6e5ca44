"""What Kubernetes accepts as a name, a label, a toleration or a peer (apimachinery, pkg/util/validation)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from consul_on_pulumi.schema.rules import matching

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
OURS = "app.kubernetes.io/"
"""Labels below this prefix are set by the program, and selected by."""
TOLERATION = {"key", "operator", "value", "effect", "tolerationSeconds"}
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PEER = {"podSelector", "namespaceSelector", "ipBlock"}


LABEL_NAME = matching(_LABEL.pattern, "lower-case letters, digits and inner hyphens, at most 63 characters", 63)
"""The name of a namespace."""
OBJECT_NAME = matching(_NAME.pattern, "lower-case letters, digits, inner hyphens and dots, at most 253 characters", 253)
"""The name of most other objects."""


def names(given: Iterable[str], path: str) -> Iterator[str]:
    """What is wrong with a list of object names."""
    for number, name in enumerate(given):
        if not OBJECT_NAME.accepts(name):
            yield f"{path}[{number}]: expected {OBJECT_NAME.expected}, got {name!r}"


def networks(given: Iterable[str], path: str) -> Iterator[str]:
    """What is wrong with a list of networks in CIDR notation."""
    for number, network in enumerate(given):
        try:
            ip_network(network)
        except ValueError:
            yield f"{path}[{number}]: expected a network such as 10.0.0.0/8, got {network!r}"


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


def tolerations(given: Iterable[Any], path: str) -> Iterator[str]:
    """What is wrong with a list of tolerations."""
    for number, one in enumerate(given):
        yield from _toleration(one, f"{path}[{number}]")


def _toleration(given: Any, path: str) -> Iterator[str]:
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


def peers(given: Iterable[Any], path: str) -> Iterator[str]:
    """What is wrong with a list of NetworkPolicyPeers."""
    for number, one in enumerate(given):
        yield from _peer(one, f"{path}[{number}]")


def _peer(given: Any, path: str) -> Iterator[str]:
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
    sound = len(name) <= 63 and _QUALIFIED.fullmatch(name) and (not slash or OBJECT_NAME.accepts(prefix))
    if not sound:
        yield f"{path}: expected a key such as team or example.com/team, got {key!r}"

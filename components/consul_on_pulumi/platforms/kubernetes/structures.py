"""Maps in Kubernetes' own spelling: tolerations and peers of a NetworkPolicy (kubernetes, pkg/apis/*/validation)."""

from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.platforms.kubernetes import syntax

TOLERATION = {"key", "operator", "value", "effect", "tolerationSeconds"}
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PEER = {"podSelector", "namespaceSelector", "ipBlock"}
SELECTOR = {"matchLabels", "matchExpressions"}
EXPRESSION = {"key", "operator", "values"}
BLOCK = {"cidr", "except"}
WITH_VALUES, WITHOUT_VALUES = ("In", "NotIn"), ("Exists", "DoesNotExist")
"""The operators of a selector's expression."""


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
    if "key" in given:
        yield from _key(given["key"], f"{path}.key")
    if "value" in given:
        yield from syntax.label_value(given["value"], f"{path}.value")
    if "effect" in given and given["effect"] not in EFFECTS:
        yield f"{path}.effect: expected {', '.join(EFFECTS)}, got {given['effect']!r}"
    if (seconds := given.get("tolerationSeconds")) is not None:
        whole = float(seconds).is_integer() if isinstance(seconds, int | float) else False
        if isinstance(seconds, bool) or not whole:
            yield f"{path}.tolerationSeconds: expected a whole number, got {seconds!r}"
        if given.get("effect") != "NoExecute":
            yield f"{path}.tolerationSeconds: only with effect NoExecute, which it delays: set that, or leave it out"


def peer(given: Mapping[Any, Any], path: str) -> Iterator[str]:
    """What is wrong with a NetworkPolicyPeer."""
    if not given:
        yield f"{path}: expected a map with {', '.join(sorted(PEER))}, got {given!r}"
    yield from _unknown(given, PEER, path)
    if "ipBlock" in given:
        if len(given) > 1:
            yield f"{path}.ipBlock: not beside a selector, make two peers of it"
        yield from _block(given["ipBlock"], f"{path}.ipBlock")
    for name in ("namespaceSelector", "podSelector"):
        if name in given:
            yield from _selector(given[name], f"{path}.{name}")


def _block(given: Any, path: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{path}: expected a map such as {{cidr: 10.0.0.0/8}}, got {given!r}"
        return
    yield from _unknown(given, BLOCK, path)
    whole = syntax.cidr(given.get("cidr"))
    if whole is None:
        yield f"{path}.cidr: expected a network such as 10.0.0.0/8, got {given.get('cidr')!r}"
    parts = given.get("except") or []
    if not isinstance(parts, list):
        yield f"{path}.except: expected a list, got {parts!r}"
        return
    for number, text in enumerate(parts):
        part, at = syntax.cidr(text), f"{path}.except[{number}]"
        if part is None:
            yield f"{at}: expected a network such as 10.1.0.0/16, got {text!r}"
        elif whole and not (
            part.version == whole.version and part.prefixlen > whole.prefixlen and part.network_address in whole
        ):
            yield f"{at}: expected a part of {given['cidr']}, got {text!r}"


def _selector(given: Any, path: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{path}: expected a map with {', '.join(sorted(SELECTOR))}, got {given!r}"
        return
    for name in sorted(map(str, given.keys() - SELECTOR)):
        yield f"{path}.{name}: unknown, expected labels below matchLabels: `{{matchLabels: {{team: shop}}}}`"
    wanted, expressions = given.get("matchLabels") or {}, given.get("matchExpressions") or []
    if not isinstance(wanted, Mapping):
        yield f"{path}.matchLabels: expected a map, got {wanted!r}"
    else:
        for name, value in wanted.items():
            yield from syntax.key(name, f"{path}.matchLabels")
            yield from syntax.label_value(value, f"{path}.matchLabels.{name}")
    if not isinstance(expressions, list):
        yield f"{path}.matchExpressions: expected a list, got {expressions!r}"
        return
    for number, expression in enumerate(expressions):
        yield from _expression(expression, f"{path}.matchExpressions[{number}]")


def _expression(given: Any, path: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{path}: expected a map with {', '.join(sorted(EXPRESSION))}, got {given!r}"
        return
    yield from _unknown(given, EXPRESSION, path)
    yield from _key(given.get("key"), f"{path}.key")
    operator, values = given.get("operator"), given.get("values") or []
    if operator not in (*WITH_VALUES, *WITHOUT_VALUES):
        yield f"{path}.operator: expected {', '.join((*WITH_VALUES, *WITHOUT_VALUES))}, got {operator!r}"
    elif not isinstance(values, list) or bool(values) != (operator in WITH_VALUES):
        expected = "a list of texts" if operator in WITH_VALUES else "none"
        yield f"{path}.values: expected {expected} with operator {operator}, got {values!r}"
    else:
        for number, value in enumerate(values):
            yield from syntax.label_value(value, f"{path}.values[{number}]")


def _key(given: Any, path: str) -> Iterator[str]:
    if isinstance(given, str):
        yield from syntax.key(given, path)
    else:
        yield f"{path}: expected text, got {given!r}, put it in quotes"


def _unknown(given: Mapping[Any, Any], known: set[str], path: str) -> Iterator[str]:
    for key in sorted(map(str, given.keys() - known)):
        yield f"{path}.{key}: unknown, expected {', '.join(sorted(known))}"

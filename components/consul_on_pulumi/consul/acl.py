"""Policies and tokens of Consul's ACLs: created or brought up to date, by their names and IDs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.consul.api import Consul, ExistsError, RefusedError, content

ANONYMOUS = "00000000-0000-0000-0000-000000000002"
"""The accessor ID of the token of requests without one (Consul docs, security/acl/tokens)."""

INITIAL = "Initial Management Token"
"""The description of a token from `acl.tokens.initial_management` (consul, agent/consul/leader.go)."""
GLOBAL_MANAGEMENT = "global-management"
"""The policy that allows everything, which every cluster has."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token."""

    accessor: str
    """The ID by which people see it."""
    secret: str | None
    """What it consists of; None for the anonymous token, which exists."""
    policies: list[str]
    """The names of its policies."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What Consul creates once."""

    one: str
    all: str
    key: str
    """The part that no other one has."""
    id: str


_POLICIES = _Kind("policy", "policies", "Name", "ID")
_TOKENS = _Kind("token", "tokens", "AccessorID", "AccessorID")


def apply(consul: Consul, policies: Mapping[str, str], tokens: Mapping[str, Token], owner: str = "") -> None:
    """Create or update all `policies`, name to rules, and then all `tokens`, description to token.

    `owner` is the description of the policies. Raises UnreachableError and RefusedError.
    """
    written = [{"Name": name, "Rules": rules, "Description": owner} for name, rules in policies.items()]
    _put_all(consul, _POLICIES, written)
    _put_all(consul, _TOKENS, [_body(description, token) for description, token in tokens.items()])


def of_others(consul: Consul, policies: Mapping[str, str], owner: str) -> list[str]:
    """The names of those `policies` that there are with other rules, and without this description.

    Raises UnreachableError and RefusedError.
    """
    # A list has no rules.
    found = [one for one in _listed(consul, "policies") if one["Name"] in policies and one["Description"] != owner]
    read = {one["Name"]: content(consul.request("GET", f"/v1/acl/policy/{one['ID']}"))["Rules"] for one in found}
    return sorted(name for name, rules in read.items() if rules != policies[name])


def forget_namesakes(consul: Consul, tokens: Mapping[str, Token]) -> None:
    """Delete what another cluster left in a snapshot: tokens of the same descriptions, and its management token.

    Raises UnreachableError and RefusedError.
    """
    own = content(consul.request("GET", "/v1/acl/token/self"))["AccessorID"]
    kept = {own, *(token.accessor for token in tokens.values())}
    for one in _listed(consul, "tokens"):
        if one["Description"] in {INITIAL, *tokens} and one["AccessorID"] not in kept:
            _delete(consul, one["AccessorID"])


def accessor(consul: Consul, secret: str) -> str | None:
    """The ID by which people see the token with this secret; None if there is no such token.

    Raises UnreachableError and RefusedError.
    """
    return next((str(one["AccessorID"]) for one in _listed(consul, "tokens") if one["SecretID"] == secret), None)


def delete(consul: Consul, accessors: Iterable[str]) -> None:
    """Delete those of these tokens that there are. Raises UnreachableError and RefusedError."""
    known = {one["AccessorID"] for one in _listed(consul, "tokens")}
    for one in known & set(accessors):
        _delete(consul, one)


def _listed(consul: Consul, what: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(consul.request("GET", f"/v1/acl/{what}"))
    return found


def _delete(consul: Consul, of: str) -> None:
    try:
        content(consul.request("DELETE", f"/v1/acl/token/{of}"))
    except RefusedError:
        # It was deleted by a request whose answer was lost.
        if any(one["AccessorID"] == of for one in _listed(consul, "tokens")):
            raise


def _body(description: str, token: Token) -> dict[str, Any]:
    body = {"AccessorID": token.accessor, "Description": description}
    secret = {} if token.secret is None else {"SecretID": token.secret}
    return {**body, **secret, "Policies": [{"Name": name} for name in token.policies]}


def _put_all(consul: Consul, kind: _Kind, bodies: Iterable[Mapping[str, Any]]) -> None:
    present = _present(consul, kind)
    for body in bodies:
        try:
            _put(consul, kind.one, present.get(body[kind.key]), body)
        except ExistsError as error:
            # It was created since, by a request whose answer was lost.
            if (of := _present(consul, kind).get(body[kind.key])) is None:
                raise RefusedError(str(error)) from error
            _put(consul, kind.one, of, body)


def _present(consul: Consul, kind: _Kind) -> dict[str, str]:
    return {one[kind.key]: one[kind.id] for one in _listed(consul, kind.all)}


def _put(consul: Consul, what: str, of: str | None, body: Mapping[str, Any]) -> None:
    content(consul.request("PUT", f"/v1/acl/{what}" + (f"/{of}" if of else ""), body=json.dumps(body)))

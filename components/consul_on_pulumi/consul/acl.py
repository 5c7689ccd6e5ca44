"""Policies and tokens of Consul's ACLs: created or brought up to date, by their names and IDs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from consul_on_pulumi.consul.api import Consul, content

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


def apply(consul: Consul, policies: Mapping[str, str], tokens: Mapping[str, Token]) -> None:
    """Create or update all `policies`, name to rules, and then all `tokens`, description to token.

    Raises UnreachableError and RefusedError.
    """
    present = {one["Name"]: one["ID"] for one in _listed(consul, "policies")}
    for name, rules in policies.items():
        _put(consul, "policy", present.get(name), {"Name": name, "Rules": rules})
    known = {one["AccessorID"] for one in _listed(consul, "tokens")}
    for description, token in tokens.items():
        body: dict[str, Any] = {"AccessorID": token.accessor, "Description": description}
        body["Policies"] = [{"Name": name} for name in token.policies]
        if token.secret is not None:
            body["SecretID"] = token.secret
        _put(consul, "token", token.accessor if token.accessor in known else None, body)


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
    content(consul.request("DELETE", f"/v1/acl/token/{of}"))


def _put(consul: Consul, what: str, of: str | None, body: Mapping[str, Any]) -> None:
    content(consul.request("PUT", f"/v1/acl/{what}" + (f"/{of}" if of else ""), body=json.dumps(body)))

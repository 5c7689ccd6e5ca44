"""What the program says about the way to a cluster: pure data, which every resource of the cluster gets as an input.

A cluster whose program says nothing has an empty one: then the environment says where Docker or Kubernetes is.
"""

import re
from collections.abc import Mapping
from typing import Any, TypedDict, cast

CONNECTION = "connection"
"""The input. It is always secret and never compared: another credential is no change of the cluster."""
CREDENTIALS = "credentials"
"""The input with what was generated for a closed cluster: not known before its first update, and secret as well."""
UNKNOWN = "unknown"
"""The key of a connection that a preview does not know yet."""
UNKNOWN_YET = "the connection of its provider is not known before the update"
"""Why nothing is asked then."""
TOKEN_TEXT = "one line of ASCII characters"
"""Completes "expected …": what an ACL token is, since it goes into a header of HTTP. White space around it is left out.
"""
_TOKEN = re.compile("[ -~]*")


class Connection(TypedDict, total=False):
    """The way to one cluster, and the credentials for it."""

    cluster: str
    """Its name: at one place there is one of that name, on Kubernetes one in a namespace."""
    place: str
    """Which engine or API server: the same for other credentials."""
    token: str
    """The ACL token of Consul: of the user, or that of the gates in a closed cluster."""
    seeds: str
    """In a closed cluster: the token for KV entries."""
    first: str
    """What `token` was before `with_token` put another one there."""
    management: str
    """In a closed cluster: the token that may do everything."""
    authority: str
    """In a closed cluster: the certificate of its own authority, as PEM."""
    docker: Mapping[str, str]
    """The settings of Docker's provider."""
    kubernetes: Mapping[str, str]
    """The settings of Kubernetes' provider."""
    closed: bool
    """Whether it has credentials that were generated for it."""
    unknown: bool
    """Whether nothing of it is known yet."""


def is_token(text: str) -> bool:
    """Whether a header can carry this text as an ACL token."""
    return _TOKEN.fullmatch(text.strip()) is not None


def connection_of(props: Mapping[str, Any]) -> Connection:
    """The connection among the inputs or outputs of a resource."""
    found, generated = props.get(CONNECTION), props.get(CREDENTIALS)
    if found is None or isinstance(found, Mapping):
        return cast(Connection, {**(found or {}), **(generated if isinstance(generated, Mapping) else {})})
    return {"unknown": True}


def with_token(connection: Connection, name: str) -> Connection:
    """The same connection with this one of its tokens, where it has it. `token` is the one that it had at first."""
    known: dict[str, Any] = {**connection, "first": connection.get("first", connection.get("token"))}
    token = known["first"] if name == "token" else known.get(name)
    return cast(Connection, {**known, "token": token}) if token and token != connection.get("token") else connection

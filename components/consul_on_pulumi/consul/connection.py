"""How the program reaches a cluster: pure data, which every resource of a closed cluster gets as an input."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypedDict, cast

CONNECTION = "connection"
"""The input. It is always secret and never compared: another credential is no change of the cluster."""


class Connection(TypedDict, total=False):
    """The credentials for one cluster. Of the tokens each request has the one with the least rights."""

    token: str
    """The token of the program: of the user, or that of the gates."""
    seeds: str
    """The token for KV entries."""
    management: str
    """The token for what nothing less can do."""
    authority: str
    """The certificate of the cluster's own authority, as PEM."""


_current: ContextVar[Connection | None] = ContextVar("connection", default=None)


def current() -> Connection:
    """The connection of the resource that a provider works on."""
    return _current.get() or Connection()


@contextmanager
def used(connection: Connection) -> Iterator[None]:
    """Use a connection for the requests of this thread."""
    token = _current.set(connection)
    try:
        yield
    finally:
        _current.reset(token)


def connection_of(props: Mapping[str, Any]) -> Connection:
    """The connection among the inputs or outputs of a resource; an empty one while it is not known."""
    found = props.get(CONNECTION)
    return cast(Connection, found) if isinstance(found, Mapping) else Connection()


def with_token(connection: Connection, name: str) -> Connection:
    """The same connection with this one of its tokens, where it has it."""
    return {**connection, "token": token} if (token := dict(connection).get(name)) else connection  # type: ignore[typeddict-item]

"""What the plugin does at the moment. Both are of one task: the plugin serves several calls at a time."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

_in_component: ContextVar[bool] = ContextVar("consul_on_pulumi_in_component", default=False)
_stored: ContextVar[Mapping[str, Any] | None] = ContextVar("consul_on_pulumi_stored", default=None)


def begin_component() -> None:
    """From here on this task makes a component: its resources are resources of the plugin, not dynamic ones."""
    _in_component.set(True)


def in_component() -> bool:
    """Whether this task makes a component in the plugin."""
    return _in_component.get()


def begin_provider(stored: Mapping[str, Any]) -> None:
    """From here on this task serves a resource, with these inputs in the state; a new one has none."""
    _stored.set(stored)


def stored() -> Mapping[str, Any] | None:
    """The inputs in the state of the resource that this task serves in the plugin; None if it serves none."""
    return _stored.get()


def in_provider() -> bool:
    """Whether this task serves a resource in the plugin."""
    return _stored.get() is not None

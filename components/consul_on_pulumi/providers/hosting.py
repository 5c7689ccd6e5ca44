"""What the plugin does at the moment. Both are of one task: the plugin serves several calls at a time."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

_options: ContextVar[Mapping[str, str] | None] = ContextVar("consul_on_pulumi_options", default=None)
_stored: ContextVar[Mapping[str, Any] | None] = ContextVar("consul_on_pulumi_stored", default=None)


def begin_component(options: Mapping[str, str]) -> None:
    """From here on this task makes a component: its resources are resources of the plugin, not dynamic ones.

    `options` are those of each of them, by which the engine finds the plugin.
    """
    _options.set(options)


def options() -> Mapping[str, str] | None:
    """The options of the resources of the component that this task makes in the plugin; None if it makes none."""
    return _options.get()


def begin_provider(stored: Mapping[str, Any]) -> None:
    """From here on this task serves a resource, with these inputs in the state; a new one has none."""
    _stored.set(stored)


def stored() -> Mapping[str, Any] | None:
    """The inputs in the state of the resource that this task serves in the plugin; None if it serves none."""
    return _stored.get()

"""What the plugin does at the moment. Both are of one task: the plugin serves several calls at a time."""

from contextvars import ContextVar

_in_component: ContextVar[bool] = ContextVar("consul_on_pulumi_in_component", default=False)
_in_provider: ContextVar[bool] = ContextVar("consul_on_pulumi_in_provider", default=False)


def begin_component() -> None:
    """From here on this task makes a component: its resources are resources of the plugin, not dynamic ones."""
    _in_component.set(True)


def in_component() -> bool:
    """Whether this task makes a component in the plugin."""
    return _in_component.get()


def begin_provider() -> None:
    """From here on this task serves a resource."""
    _in_provider.set(True)


def in_provider() -> bool:
    """Whether this task serves a resource in the plugin."""
    return _in_provider.get()

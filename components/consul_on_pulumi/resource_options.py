"""Options of resources that every backend builds alike."""

from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor


def with_(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:
    """`opts` and more."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))


def clearing(name: str, clear: Callable[[pulumi.ResourceHookArgs], None]) -> pulumi.ResourceOptions:
    """Options under which `clear` takes away what is left in the way of a resource, right before that is created.

    The engine creates only what its state does not hold, so what is found then is held by no state.
    """
    if isinstance(pulumi.runtime.settings.get_monitor(), MockMonitor):
        # Mocks know no hooks, and have no engine to call one.
        return pulumi.ResourceOptions()
    hook = pulumi.ResourceHook(f"{name}-orphans", clear)
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook]))

"""Resource options that the components and both platforms build."""

from collections.abc import Callable
from typing import Any

import pulumi

from consul_on_pulumi import run
from consul_on_pulumi.model.connection import Connection


def for_children(component: pulumi.Resource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options for the children of `component`: the engine passes a component's `depends_on` to no child by itself."""
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)


def with_options(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:
    """`opts` merged with `more`, which are arguments of `pulumi.ResourceOptions`."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))


Check = Callable[[pulumi.ResourceHookArgs, Connection], None]
"""Looks for an object that is going to be created, in the cluster that the connection names."""


def before_create(
    name: str, action: Check, connection: pulumi.Output[Connection], *, in_previews: bool = False
) -> pulumi.ResourceOptions:
    """Options that run `action` right before a resource is created; `name` is a prefix of the hook's name.

    The engine creates only what its state does not hold, so an object that `action` finds then is in no state. The
    engine shows the hook's name if `action` fails. A state records it, but another name is no change.
    """
    if run.mocks():
        # Mocks support no hooks, and no engine would run one.
        return pulumi.ResourceOptions()

    async def look(args: pulumi.ResourceHookArgs) -> None:
        known = await connection.is_known()
        action(args, await connection.future() or {} if known else {"unknown": True})

    options = pulumi.ResourceHookOptions(on_dry_run=in_previews)
    hook = pulumi.ResourceHook(f"{name}-existing-object", look, options)
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook]))


def on_error(name: str, explain: Callable[[pulumi.ErrorHookArgs], str | None]) -> pulumi.ResourceOptions:
    """Options that log what `explain` says of a failed operation, before the engine shows the error itself."""
    if run.mocks():
        return pulumi.ResourceOptions()

    def log(args: pulumi.ErrorHookArgs) -> bool:
        if text := explain(args):
            pulumi.log.error(text)
        return False

    hook = pulumi.ErrorHook(f"{name}-faults", log)
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))

"""Resource options that the components and both platforms build."""

from collections.abc import Callable
from typing import Any

import pulumi

from consul_on_pulumi import run


def for_children(component: pulumi.Resource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options for the children of `component`: the engine passes a component's `depends_on` to no child by itself."""
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)


def with_options(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:
    """`opts` merged with `more`, which are arguments of `pulumi.ResourceOptions`."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))


def before_create(
    name: str, action: Callable[[pulumi.ResourceHookArgs], None], *, in_previews: bool = False
) -> pulumi.ResourceOptions:
    """Options that run `action` right before a resource is created; `name` is a prefix of the hook's name.

    The engine creates only what its state does not hold, so an object that `action` finds then is in no state. The
    engine shows the hook's name if `action` fails. A state records it, but another name is no change.
    """
    if run.mocks():
        # Mocks support no hooks, and no engine would run one.
        return pulumi.ResourceOptions()
    options = pulumi.ResourceHookOptions(on_dry_run=in_previews)
    hook = pulumi.ResourceHook(f"{name}-existing-object", action, options)
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

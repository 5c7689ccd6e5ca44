"""Resource options that the components and both platforms build."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import pulumi

from consul_on_pulumi import run
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.outputs import resources_of, without_resources


def for_children(component: pulumi.Resource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options for the children of `component`: the engine passes a component's `depends_on` to none of them.

    It would pass `protect` to all, and no container could be replaced any more: what holds data gets it (`protects`).
    """
    unprotected = False if opts and opts.protect else None
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None, protect=unprotected)


def protects(args: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> bool | None:
    """The option `protect` of what holds data: True if the setting or the option of the component says so."""
    return True if args["protect"] or (opts and opts.protect) else None


def with_options(opts: pulumi.ResourceOptions, **more: Any) -> pulumi.ResourceOptions:
    """`opts` merged with `more`, which are arguments of `pulumi.ResourceOptions`."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))


def unchanged_unless(name: str, passed: Callable[[], Awaitable[bool]]) -> pulumi.ResourceOptions:
    """Options that keep all properties of a resource as the state holds them if `passed` says no right before it.

    The engine lets `--target` and `--exclude` update a resource without what it depends on. It then gives the program
    the old outputs of what it leaves out, which show that.
    """
    if run.mocks():
        return pulumi.ResourceOptions()

    async def keep(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.name != name or await passed():
            return None
        return pulumi.ResourceTransformResult(args.props, with_options(args.opts, ignore_changes=["*"]))

    return pulumi.ResourceOptions(transforms=[keep])


def once_known(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """For `depends_on`: a resource is registered when this is known and its resources exist, and the state holds no
    dependency.

    So resources are created one after the other and deleted side by side. A preview, which creates none, waits for
    nothing. With `--continue-on-error` a failure is not waited for: the engine deletes what is not registered.
    """

    async def wait() -> None:
        if pulumi.runtime.is_dry_run():
            return
        # Its own resource reports a failure.
        with suppress(Exception):
            await output.future(with_unknowns=True)
            for resource in await output.resources():
                await resource.urn.future()

    async def known() -> bool:
        return True

    return pulumi.Output(set(), wait(), known())


def replaced_by_own_changes(package: str, *kept: Any) -> pulumi.ResourceOptions:
    """Options with which a resource of this package is not replaced because another one is, whose output it has.

    Where a resource is deleted before its replacement, the engine first deletes all that its deletion may replace: it
    asks each provider with the properties unknown that depend on it. All agents would be gone before any gate (pulumi
    3.259, resource/deploy/step_generator.go, calculateDependentReplacements). So each resource as a whole depends on
    the others, which keeps the order of creations and deletions, and its properties do not. A value that did change is
    seen in its turn.

    `kept` are Outputs whose resources cannot go before these: networks and namespaces.
    """

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(f"{package}:"):
            return None
        opts = with_options(args.opts, depends_on=[resources_of(args.props)])
        return pulumi.ResourceTransformationResult(without_resources(args.props, kept), opts)

    return pulumi.ResourceOptions(transformations=[transform])


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

"""The options that a component's children share."""

import pulumi


def of(component: pulumi.Resource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Children of `component` that wait for whatever it was told to wait for, which the engine does not see to."""
    return pulumi.ResourceOptions(parent=component, depends_on=opts.depends_on if opts else None)

"""A Pulumi resource plugin for Kubernetes, for machines where the official one (pulumi-kubernetes) cannot be had.

It serves the unmodified SDK ``pulumi_kubernetes`` and does what the official plugin does wherever a program can notice:
names, diffs, replacements, server-side apply, waiting, partial failures, secrets and the layout of the state, so that a
stack can go from one plugin to the other. The rules are taken from the official sources (pulumi/pulumi-kubernetes,
``provider/pkg``), and each module names the ones it follows. Nothing here depends on this project.

One request goes this way: ``server`` (gRPC) to ``provider`` (Pulumi's contract) to ``checking``, ``diffing``,
``creating``, ``updating``, ``reading`` or ``deleting``; these use ``cluster`` (objects) over ``connection`` (requests)
and ``awaiting`` (is it ready?), and the rest of the modules are rules without any input or output.

What is left out, each refused by name: Helm, YAML and kustomize resources, patch resources, client-side apply,
rendering to files. ``pulumi import`` needs ``--generate-code=false``: there is no schema to write a program from.

What differs: a Service is ready as soon as it has endpoints (the official plugin waits 10 s more for them to settle),
and one without a selector is ready at once. The annotation ``pulumi.com/replaceUnready``, the setting
``PULUMI_K8S_AWAIT_ALL``, warnings of deprecated versions and Pulumi's settings for automatic names have no effect.
"""

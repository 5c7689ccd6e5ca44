"""A Pulumi resource plugin for Kubernetes, for machines where the official one (pulumi-kubernetes) cannot be had.

It serves the unmodified SDK ``pulumi_kubernetes`` and does what the official plugin does wherever a program can notice:
names, diffs, replacements, server-side apply, waiting, partial failures, secrets and the layout of the state. The rules
are taken from the official sources (pulumi/pulumi-kubernetes, ``provider/pkg``); nothing here depends on this project.
"""

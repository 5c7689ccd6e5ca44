"""The same Kubernetes objects as those of this package, in a plain Pulumi program: no order, no gates, no seeds."""

import importlib
import re

import pulumi

objects = pulumi.Config().require_object("objects")
created: list[pulumi.Resource] = []
# The namespace is the first one.
for manifest in objects:
    group, _, version = manifest["apiVersion"].rpartition("/")
    module = importlib.import_module(f"pulumi_kubernetes.{group.partition('.')[0] or 'core'}.{version}")
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    fields = {
        re.sub("([A-Z])", r"_\1", key).lower(): value
        for key, value in manifest.items()
        if key not in ("apiVersion", "kind")
    }
    opts = pulumi.ResourceOptions(depends_on=created[:1])
    created.append(getattr(module, kind)(f"{kind}-{name}", opts=opts, **fields))

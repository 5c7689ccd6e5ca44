"""What a component registers as its inputs: policy packs and `pulumi stack export` see the accepted settings."""

from collections.abc import Mapping
from typing import Any

import pulumi

from consul_on_pulumi.outputs import without_resources
from consul_on_pulumi.schema.definition import Kind, keys_of

ELSEWHERE = ("seeds", "seed_sets", "kubeconfig")
"""Inputs of other resources alone. A component that had seeds too would wait for those that others compute; with a
kubeconfig, which may hold credentials, all settings of its platform would be one secret."""


def component_inputs(settings: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """The settings of the TypedDict `shape` under their own names; of secret files the names.

    Their Outputs belong to no resource: `pulumi refresh` that runs the program fails at a component with a dependency
    that is gone (`for_component`).
    """
    return {
        name: _value(settings[name], key.kind, secret=key.setting.secret)
        for name, key in keys_of(shape).items()
        if name in settings and name not in ELSEWHERE
    }


def _value(value: Any, kind: Kind, *, secret: bool) -> Any:
    if secret:
        return sorted(value) if isinstance(value, Mapping) else pulumi.Output.secret(without_resources(value))
    if kind.shape and isinstance(value, Mapping):
        return component_inputs(value, kind.shape)
    return without_resources(value)

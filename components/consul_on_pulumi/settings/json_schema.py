"""The JSON schema of a stack file, for completion and checks in editors. It is made from the definitions."""

from collections.abc import Mapping
from typing import Any

from consul_on_pulumi.releases import agent_keys
from consul_on_pulumi.schema.definition import Kind, Setting, keys_of
from consul_on_pulumi.settings.cluster_args import SECRET_FILES, ConsulClusterArgs
from consul_on_pulumi.settings.refusals import CONFIGURATIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}
ENCRYPTED = (*SECRET_FILES, "security_secrets", "token")
ELSEWHERE = {*ENCRYPTED, "secrets"}
"""Settings that a stack file gives outside `cluster`, since they are encrypted."""


def stack_file_schema() -> dict[str, Any]:
    """The schema of `Pulumi.<stack>.yaml`, whatever the project is called. Other keys are left alone."""
    encrypted = {"description": "Set it with `pulumi config set --secret --path`.", "type": "object"}
    return {
        "$schema": DIALECT,
        "title": "A stack with a Consul cluster",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "patternProperties": {
                    "^[^:]+:cluster$": shape_schema(ConsulClusterArgs),
                    f"^[^:]+:({'|'.join(('seed_secrets', *ENCRYPTED))})$": encrypted,
                },
            }
        },
    }


def shape_schema(shape: Any) -> dict[str, Any]:
    """The schema of a TypedDict of settings."""
    keys = {name: key for name, key in keys_of(shape).items() if name not in ELSEWHERE}
    return {
        "type": "object",
        "description": " ".join((shape.__doc__ or "").split()),
        "properties": {name: _property(name, key.kind, key.setting) for name, key in keys.items()},
        "required": sorted(name for name, key in keys.items() if key.required),
        "additionalProperties": False,
    }


def _property(name: str, kind: Kind, setting: Setting) -> dict[str, Any]:
    found = _kind_schema(kind)
    text = f"{setting.text} On a change: {setting.change}" if setting.change else setting.text
    if setting.default is not None:
        found["default"] = setting.default
    if setting.rule:
        found |= setting.rule.schema
    if name in CONFIGURATIONS:
        found["propertyNames"] = {"enum": sorted(agent_keys.known())}
    return {**found, "description": text}


def _kind_schema(kind: Kind) -> dict[str, Any]:
    if kind.type is Any:
        return {}
    if kind.shape:
        return shape_schema(kind.shape)
    found: dict[str, Any] = {"type": TYPES[kind.type]}
    if kind.inner:
        inner: Mapping[str, Any] = _kind_schema(kind.inner)
        found |= {"items" if kind.type is list else "additionalProperties": inner} if inner else {}
    return found

"""The package's Pulumi schema, from which SDKs of other languages are generated. It is made from the settings."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, get_args, get_origin

import pulumi

from consul_on_pulumi.client import ConsulClient
from consul_on_pulumi.cluster import ConsulCluster
from consul_on_pulumi.plugin.names import camel, in_camel
from consul_on_pulumi.providers.provider import PACKAGE
from consul_on_pulumi.schema.definition import Key, Kind, keys_of
from consul_on_pulumi.server import ConsulServer
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs
from consul_on_pulumi.version import __version__

COMPONENTS: Mapping[type[pulumi.ComponentResource], Any] = {
    ConsulCluster: ConsulClusterArgs,
    ConsulServer: ConsulServerArgs,
    ConsulClient: ConsulClientArgs,
}
"""The components and their arguments."""
SECRET_OUTPUTS = {"management_token"}
"""Outputs of components that are always secret."""
TYPES = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}


def schema() -> dict[str, Any]:
    """The schema as Pulumi reads it."""
    every = dict.fromkeys(shape for args in COMPONENTS.values() for shape in _shapes(args))
    shapes = [shape for shape in every if shape not in COMPONENTS.values()]
    return {
        "name": PACKAGE,
        "displayName": "Consul",
        "version": __version__,
        "description": "HashiCorp Consul clusters on Docker and on Kubernetes.",
        "keywords": ["consul", "docker", "kubernetes", "category/infrastructure", "kind/component"],
        "license": "Apache-2.0",
        "language": {
            "nodejs": {"packageName": PACKAGE, "respectSchemaVersion": True},
            "python": {"packageName": "pulumi_consul_on_pulumi", "respectSchemaVersion": True},
            "go": {"respectSchemaVersion": True},
            "csharp": {"respectSchemaVersion": True},
        },
        "provider": {},
        "types": {
            **{_token(_name(shape)): {"type": "object", **_object(shape)} for shape in shapes},
            **{token: words for shape in every for token, words in _enums(shape)},
        },
        "resources": {_token(component.__name__): _resource(component, args) for component, args in COMPONENTS.items()},
    }


def _token(name: str) -> str:
    return f"{PACKAGE}:index:{name}"


def _name(shape: Any) -> str:
    """Without `Args`, which the SDKs of some languages add."""
    return str(shape.__name__).removesuffix("Args")


def _shapes(shape: Any) -> Iterator[Any]:
    yield shape
    for key in keys_of(shape).values():
        kind: Kind | None = key.kind
        while kind:
            if kind.shape:
                yield from _shapes(kind.shape)
            kind = kind.inner


def _enums(shape: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings that take one of a few words: their types by token."""
    for key in keys_of(shape).values():
        if words := _words(key):
            values = [{"value": word} for word in words]
            yield _enum_token(shape, key), {"type": "string", "description": _text(key.setting.text), "enum": values}


def _enum_token(shape: Any, key: Key) -> str:
    name = camel(key.name)
    return _token(f"{_name(shape)}{name[0].upper()}{name[1:]}")


def _words(key: Key) -> list[str]:
    rule = key.setting.rule
    return rule.schema.get("enum", []) if rule and key.kind.type is str else []


def _object(shape: Any) -> dict[str, Any]:
    keys = keys_of(shape)
    return {
        "description": _text(" ".join((shape.__doc__ or "").split())),
        "properties": {camel(name): _property(shape, key) for name, key in keys.items()},
        "required": sorted(camel(name) for name, key in keys.items() if key.required),
    }


def _property(shape: Any, key: Key) -> dict[str, Any]:
    setting = key.setting
    shown = setting.default if isinstance(setting.default, str) else json.dumps(setting.default)
    default = setting.default_text or (f"`{shown}`" if setting.default else "")
    parts = [setting.text, f"Default: {default}." if default else "", f"A change: {setting.change}"]
    found = {
        **(_type(key.kind) | ({"$ref": f"#/types/{_enum_token(shape, key)}"} if _words(key) else {})),
        "description": _text(" ".join(part for part in parts[: 2 + bool(setting.change)] if part)),
    }
    return found | ({"secret": True} if setting.secret else {})


def _type(kind: Kind) -> dict[str, Any]:
    if kind.type is Any:
        return {"$ref": "pulumi.json#/Any"}
    if kind.shape:
        return {"$ref": f"#/types/{_token(_name(kind.shape))}"}
    inner = _type(kind.inner) if kind.inner else {"$ref": "pulumi.json#/Any"}
    if kind.type is list:
        return {"type": "array", "items": inner}
    if kind.type is dict:
        return {"type": "object", "additionalProperties": inner}
    # What the shape of a cluster depends on has to be known when the component is made.
    return {"type": TYPES[kind.type], **({} if kind.takes_outputs else {"plain": True})}


def _text(text: str) -> str:
    settings = {name for args in COMPONENTS.values() for shape in _shapes(args) for name in keys_of(shape)}
    return in_camel(text, settings.union(*(component.__annotations__ for component in COMPONENTS)))


def _resource(component: type[pulumi.ComponentResource], args: Any) -> dict[str, Any]:
    inputs = _object(args)
    texts = _attribute_texts(component)
    outputs = {name: get_args(hint)[0] for name, hint in component.__annotations__.items() if name in texts}
    return {
        "isComponent": True,
        "description": " ".join((component.__doc__ or "").split()),
        "inputProperties": inputs["properties"],
        "requiredInputs": inputs["required"],
        "properties": {
            camel(name): {**_output_type(hint), "description": _text(texts[name])}
            | ({"secret": True} if name in SECRET_OUTPUTS else {})
            for name, hint in outputs.items()
        },
        "required": [camel(name) for name, hint in outputs.items() if NoneType not in get_args(hint)],
    }


def _output_type(hint: Any) -> dict[str, Any]:
    if get_origin(hint) is list:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "string"}


def _attribute_texts(component: type) -> dict[str, str]:
    """The text below each annotated attribute of a class."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(component))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for attribute, text in zip(definition.body, definition.body[1:], strict=False):
        match attribute, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = " ".join(words.split())
    return found

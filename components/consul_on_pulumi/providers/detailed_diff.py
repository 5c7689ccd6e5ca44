"""Detailed diffs for dynamic providers: a preview shows the keys that change, not the whole map that contains them.

The engine supports it: a `DiffResponse` may name every property path that changes. The SDK's process for dynamic
providers builds that response from a `DiffResult`, which has no field for paths (pulumi 3.259, dynamic/__main__.py).
This module replaces the `DiffResponse` of that process with one that adds the paths. If a later SDK builds the process
in another way, nothing is added and a preview shows the whole map.
"""

import json
import sys
import threading
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff

ADD, DELETE, UPDATE = PropertyDiff.ADD, PropertyDiff.DELETE, PropertyDiff.UPDATE

_noted = threading.local()


def note_changes(
    olds: Mapping[str, Any], news: Mapping[str, Any], maps: Iterable[str], more: Iterable[str] = ()
) -> None:
    """Note which inputs differ, for the next response of this thread. The inputs named in `maps` differ key by key;
    `more` are paths that change although their values do not."""
    paths = _differences(olds, news) | dict.fromkeys(more, UPDATE)
    for name in paths.keys() & set(maps):
        del paths[name]
        for key, kind in _differences(olds.get(name) or {}, news.get(name) or {}).items():
            paths[f"{name}[{json.dumps(key, ensure_ascii=False)}]"] = kind
    _noted.paths = paths
    _install()


def _differences(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, int]:
    """The keys that differ, each with how."""
    return {
        key: DELETE if key not in news else UPDATE if key in olds else ADD
        for key in olds.keys() | news.keys()
        if olds.get(key) != news.get(key)
    }


def _install() -> None:
    """Replace the SDK's `DiffResponse` in the process that serves dynamic providers."""
    process = sys.modules.get("__main__")
    proto: Any = getattr(process, "proto", None)
    if hasattr(process, "DynamicResourceProviderServicer") and getattr(proto, "DiffResponse", None) is DiffResponse:
        messages = ModuleType(proto.__name__)
        vars(messages).update(vars(proto), DiffResponse=_DetailedDiffResponse())
        setattr(process, "proto", messages)  # noqa: B010, mypy knows no attribute `proto` of the module


def response(**fields: Any) -> Any:
    """A `DiffResponse` with the changes that this thread noted before."""
    paths = _noted.__dict__.pop("paths", None)
    if paths and fields.get("changes") == DiffResponse.DIFF_SOME:
        fields["hasDetailedDiff"] = True
        fields["detailedDiff"] = {path: PropertyDiff(kind=kind, inputDiff=True) for path, kind in paths.items()}
    return DiffResponse(**fields)


class _DetailedDiffResponse:
    """In the place of the SDK's `DiffResponse`."""

    def __call__(self, **fields: Any) -> Any:
        return response(**fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(DiffResponse, name)

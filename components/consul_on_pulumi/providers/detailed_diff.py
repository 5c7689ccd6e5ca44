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

from pulumi.runtime.proto import provider_pb2

ADD, DELETE, UPDATE = (
    provider_pb2.PropertyDiff.ADD,
    provider_pb2.PropertyDiff.DELETE,
    provider_pb2.PropertyDiff.UPDATE,
)

_noted = threading.local()


def note_changes(olds: Mapping[str, Any], news: Mapping[str, Any], maps: Iterable[str]) -> None:
    """Note which inputs differ, for the next response of this thread. The inputs named in `maps` differ key by key."""
    by_key = set(maps)
    paths: dict[str, int] = {}
    for name in olds.keys() | news.keys():
        if name in by_key:
            paths |= _differences(olds.get(name) or {}, news.get(name) or {}, name)
        elif olds.get(name) != news.get(name):
            paths[name] = _kind(name in olds, name in news)
    _noted.paths = paths
    _install()


def _differences(olds: Mapping[str, Any], news: Mapping[str, Any], name: str) -> dict[str, int]:
    return {
        f"{name}[{json.dumps(key, ensure_ascii=False)}]": _kind(key in olds, key in news)
        for key in olds.keys() | news.keys()
        if olds.get(key) != news.get(key)
    }


def _kind(before: bool, after: bool) -> int:
    return UPDATE if before and after else ADD if after else DELETE


def _install() -> None:
    """Replace the SDK's `DiffResponse` in the process that serves dynamic providers."""
    process = sys.modules.get("__main__")
    proto = getattr(process, "proto", None)
    if isinstance(proto, ModuleType) and hasattr(process, "DynamicResourceProviderServicer"):
        setattr(process, "proto", _Proto(proto))  # noqa: B010, mypy knows no attribute `proto` of the module


class _Proto:
    """The SDK's messages, with another `DiffResponse`."""

    def __init__(self, messages: ModuleType) -> None:
        self._messages = messages
        self.DiffResponse = _DetailedDiffResponse()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._messages, name)


class _DetailedDiffResponse:
    """Builds a `DiffResponse` with the changes that were noted before."""

    def __call__(self, **fields: Any) -> Any:
        paths = _noted.__dict__.pop("paths", None)
        if paths and fields.get("changes") == provider_pb2.DiffResponse.DIFF_SOME:
            fields["hasDetailedDiff"] = True
            fields["detailedDiff"] = {
                path: provider_pb2.PropertyDiff(kind=kind, inputDiff=True) for path, kind in paths.items()
            }
        return provider_pb2.DiffResponse(**fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(provider_pb2.DiffResponse, name)

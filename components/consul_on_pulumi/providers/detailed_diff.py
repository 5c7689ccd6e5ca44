"""The difference of single keys in a preview, for which the SDK's dynamic providers have no words.

The engine knows them: a `DiffResponse` may name every property path that changes, and then a preview shows those
alone instead of all keys of the map that one of them is in. The process that serves dynamic providers builds that
response from a `DiffResult`, which has no place for paths (pulumi 3.259, dynamic/__main__.py), so they are added on the
way. Where that process is built otherwise, nothing is added and a preview shows the whole map.
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

_told = threading.local()


def tell(olds: Mapping[str, Any], news: Mapping[str, Any], maps: Iterable[str]) -> None:
    """Note which inputs differ, for the response that this thread builds next: below `maps` key by key."""
    below = set(maps)
    paths: dict[str, int] = {}
    for name in olds.keys() | news.keys():
        if name in below:
            paths |= _differences(olds.get(name) or {}, news.get(name) or {}, name)
        elif olds.get(name) != news.get(name):
            paths[name] = _kind(name in olds, name in news)
    _told.paths = paths
    _listen()


def _differences(olds: Mapping[str, Any], news: Mapping[str, Any], name: str) -> dict[str, int]:
    return {
        f"{name}[{json.dumps(key, ensure_ascii=False)}]": _kind(key in olds, key in news)
        for key in olds.keys() | news.keys()
        if olds.get(key) != news.get(key)
    }


def _kind(before: bool, after: bool) -> int:
    return UPDATE if before and after else ADD if after else DELETE


def _listen() -> None:
    """Stand where the serving process takes its response from, once."""
    serving = sys.modules.get("__main__")
    proto = getattr(serving, "proto", None)
    if isinstance(proto, ModuleType) and hasattr(serving, "DynamicResourceProviderServicer"):
        setattr(serving, "proto", _Proto(proto))  # noqa: B010, a plain assignment to a module is no typed one


class _Proto:
    """The SDK's messages, but for the response to a diff."""

    def __init__(self, messages: ModuleType) -> None:
        self._messages = messages
        self.DiffResponse = _Detailed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._messages, name)


class _Detailed:
    """Builds a `DiffResponse` with what was told before."""

    def __call__(self, **fields: Any) -> Any:
        paths = _told.__dict__.pop("paths", None)
        if paths and fields.get("changes") == provider_pb2.DiffResponse.DIFF_SOME:
            fields["hasDetailedDiff"] = True
            fields["detailedDiff"] = {
                path: provider_pb2.PropertyDiff(kind=kind, inputDiff=True) for path, kind in paths.items()
            }
        return provider_pb2.DiffResponse(**fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(provider_pb2.DiffResponse, name)

"""Objects of any kind in one cluster; the kinds are found by discovery."""

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from kubernetes_plugin.errors import ApiError, NoSuchKindError
from kubernetes_plugin.objects import Object, name_of, namespace_of
from kubernetes_plugin.tokens import Kind, kind_of

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"


class Asking(Protocol):
    """What answers requests: ``connection.Connection``."""

    default_namespace: str

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """The answer to one request."""


class Place(NamedTuple):
    """Where the objects of a kind are."""

    plural: str
    namespaced: bool


class Cluster:
    """One API server's objects. Safe to use from many threads."""

    def __init__(self, connection: Asking) -> None:
        self._connection = connection
        self._ask = connection.ask
        self._kinds: dict[str, dict[str, Place]] = {}
        self._lock = threading.Lock()

    @property
    def default_namespace(self) -> str:
        """For objects that name none."""
        return self._connection.default_namespace

    def version(self) -> str:
        """The API server's version."""
        return str(self._ask("GET", "/version")["gitVersion"])

    def namespaced(self, kind: Kind) -> bool:
        """Whether objects of a kind live in namespaces; raises ``NoSuchKindError``."""
        return self._place(kind).namespaced

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """One object; raises ``ApiError`` with status 404 when there is none."""
        return self._ask("GET", self._path(kind, namespace, name))

    def items(self, kind: Kind, namespace: str, **selectors: str) -> list[Object]:
        """All objects of a kind in a namespace that match ``labelSelector`` or ``fieldSelector``."""
        found = self._ask("GET", self._path(kind, namespace), query=selectors)
        # Items of a list do not say what they are.
        return [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in found.get("items") or []]

    def create(self, obj: Object, *, manager: str, dry_run: bool = False) -> Object:
        """A new object; raises ``ApiError`` with the reason AlreadyExists when there is one of the name."""
        path = self._path(kind_of(obj), namespace_of(obj))
        return self._ask("POST", path, obj, query=_options(manager, dry_run))

    def apply(self, obj: Object, *, manager: str, force: bool, dry_run: bool = False) -> Object:
        """Server-side apply: makes the object, or makes its fields those given."""
        path = self._path(kind_of(obj), namespace_of(obj), name_of(obj))
        query = _options(manager, dry_run) | {"force": str(force).lower()}
        return self._ask("PATCH", path, obj, query=query, content_type=APPLY)

    def replace(self, obj: Object, *, manager: str, dry_run: bool = False) -> Object:
        """The whole object anew."""
        path = self._path(kind_of(obj), namespace_of(obj), name_of(obj))
        return self._ask("PUT", path, obj, query=_options(manager, dry_run))

    def patch(self, kind: Kind, namespace: str, name: str, operations: list[Object]) -> Object:
        """A JSON patch."""
        return self._ask("PATCH", self._path(kind, namespace, name), operations, content_type=JSON_PATCH)

    def delete(self, kind: Kind, namespace: str, name: str, *, propagation: str) -> None:
        """Starts a deletion; the object may stay until its finalizers are done."""
        self._ask("DELETE", self._path(kind, namespace, name), {"propagationPolicy": propagation})

    def forget_kinds(self) -> None:
        """Asks anew for what kinds there are, after a definition of kinds changed."""
        with self._lock:
            self._kinds.clear()

    def _path(self, kind: Kind, namespace: str, name: str = "") -> str:
        place = self._place(kind)
        scope = f"/namespaces/{namespace or self.default_namespace}" if place.namespaced else ""
        return f"{_prefix(kind.api_version)}{scope}/{place.plural}{f'/{name}' if name else ''}"

    def _place(self, kind: Kind) -> Place:
        with self._lock:
            if kind.name not in self._kinds.get(kind.api_version, {}):
                self._kinds[kind.api_version] = self._discover(kind.api_version)
            found = self._kinds[kind.api_version].get(kind.name)
        if found is None:
            raise NoSuchKindError(f"the API server knows no {kind}")
        return found

    def _discover(self, api_version: str) -> dict[str, Place]:
        try:
            found = self._ask("GET", _prefix(api_version))["resources"]
        except ApiError as error:
            if error.status != 404:
                raise
            return {}
        # A name with a slash is a part of an object, as pods/log.
        return {one["kind"]: Place(one["name"], one["namespaced"]) for one in found if "/" not in one["name"]}


def _prefix(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _options(manager: str, dry_run: bool) -> dict[str, str]:
    return {"fieldManager": manager, "fieldValidation": "Warn"} | ({"dryRun": "All"} if dry_run else {})

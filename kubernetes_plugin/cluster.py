"""Talking to one API server: any kind, found by discovery. The one module that knows the `kubernetes` package."""

import json
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from kubernetes_plugin import kubeconfig
from kubernetes_plugin.errors import ApiError, NoSuchKindError, UnreachableError
from kubernetes_plugin.objects import Object, name_of, namespace_of
from kubernetes_plugin.settings import Settings
from kubernetes_plugin.tokens import Kind, kind_of

# Seconds to connect, and to wait for an answer.
TIMEOUTS = (10, 60)
CLIENT = ("kubernetes.client", "kubernetes.config", "kubernetes.dynamic", "urllib3")
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"


class Library(NamedTuple):
    """The modules of the client."""

    client: Any
    config: Any
    dynamic: Any
    urllib3: Any


_LOADING = threading.Lock()


def client_library() -> Library:
    """The client, loaded late: it takes as long as all else that the plugin needs before it can answer."""
    # Its modules import each other in circles, which two threads at once do not survive.
    with _LOADING:
        return Library(*(import_module(name) for name in CLIENT))


class Cluster:
    """One API server. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        library = client_library()
        found = kubeconfig.load(settings)
        configuration = library.client.Configuration()
        library.config.load_kube_config_from_dict(found, client_configuration=configuration, persist_config=False)
        configuration.connection_pool_maxsize = 64
        # Only what cannot have reached the server; a request of unknown fate is for the caller to judge.
        configuration.retries = library.urllib3.Retry(connect=0, read=0, redirect=0, status=0, other=0)
        self.default_namespace = settings.namespace or kubeconfig.namespace(found)
        self._library = library
        client = library.client.ApiClient(configuration)
        self._client: Any = library.dynamic.DynamicClient(client, discoverer=lambda *_: None)
        self._paths: dict[str, dict[str, tuple[str, bool]]] = {}
        self._lock = threading.Lock()

    def version(self) -> str:
        """The API server's version; raises ``UnreachableError``."""
        return str(self._ask("GET", "/version")["gitVersion"])

    def namespaced(self, kind: Kind) -> bool:
        """Whether objects of a kind live in namespaces; raises ``NoSuchKindError``."""
        return self._resource(kind)[1]

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
        return self._ask("POST", path, obj, query=_options(manager, dry_run) | {"fieldValidation": "Warn"})

    def apply(self, obj: Object, *, manager: str, force: bool, dry_run: bool = False) -> Object:
        """Server-side apply: makes the object, or makes its fields those given."""
        path = self._path(kind_of(obj), namespace_of(obj), name_of(obj))
        query = _options(manager, dry_run) | {"force": str(force).lower(), "fieldValidation": "Warn"}
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
            self._paths.clear()

    def _path(self, kind: Kind, namespace: str, name: str = "") -> str:
        plural, namespaced = self._resource(kind)
        parts = [_prefix(kind.api_version)]
        if namespaced:
            parts += ["namespaces", namespace or self.default_namespace]
        return "/".join([*parts, plural, *([name] if name else [])])

    def _resource(self, kind: Kind) -> tuple[str, bool]:
        with self._lock:
            if kind.name not in self._paths.get(kind.api_version, {}):
                self._paths[kind.api_version] = self._discover(kind)
            return self._paths[kind.api_version][kind.name]

    def _discover(self, kind: Kind) -> dict[str, tuple[str, bool]]:
        try:
            found = self._ask("GET", _prefix(kind.api_version))["resources"]
        except ApiError as error:
            if error.status != 404:
                raise
            found = []
        kinds = {one["kind"]: (one["name"], bool(one["namespaced"])) for one in found if "/" not in one["name"]}
        if kind.name not in kinds:
            raise NoSuchKindError(f"the API server knows no {kind}")
        return kinds

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "",
    ) -> Object:
        more = {"content_type": content_type} if content_type else {}
        parameters = list((query or {}).items())
        try:
            answer = self._client.request(
                method, path, body=body, query_params=parameters, serialize=False, _request_timeout=TIMEOUTS, **more
            )
        except self._library.client.ApiException as error:
            status = int(getattr(error, "status", 0) or 0)
            if not status:
                raise UnreachableError(str(error)) from error
            body_of = getattr(error, "body", None)
            raise ApiError.of_answer(status, body_of, str(getattr(error, "reason", ""))) from error
        except (self._library.urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(str(error)) from error
        result: Object = json.loads(answer.data)
        return result


def _prefix(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _options(manager: str, dry_run: bool) -> dict[str, str]:
    return {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})

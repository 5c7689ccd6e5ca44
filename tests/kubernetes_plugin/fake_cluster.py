"""An API server in the process: objects by path, and answers prepared by a test."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubernetes_plugin.errors import ApiError

Object = dict[str, Any]
KINDS = {
    "/api/v1": [("Pod", "pods"), ("ConfigMap", "configmaps"), ("Service", "services"), ("Event", "events")],
    "/apis/apps/v1": [("StatefulSet", "statefulsets"), ("Deployment", "deployments"), ("ReplicaSet", "replicasets")],
    "/apis/discovery.k8s.io/v1": [("EndpointSlice", "endpointslices")],
}
CLUSTER_WIDE = {"/api/v1": [("Namespace", "namespaces")]}


class FakeConnection:
    """What ``connection.Connection`` is to a real one."""

    default_namespace = "default"

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any, Mapping[str, str]]] = []
        self.answers: dict[tuple[str, str], Callable[[], Object]] = {}

    def answer(self, method: str, path: str, *answers: Object | Exception) -> None:
        """Answers such a request with each of these in turn, with the last one from then on."""
        turns = list(answers)

        def next_one() -> Object:
            one = turns.pop(0) if len(turns) > 1 else turns[0]
            if isinstance(one, Exception):
                raise one
            return one

        self.answers[method, path] = next_one

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        self.requests.append((method, path, body, query or {}))
        if (method, path) in self.answers:
            return self.answers[method, path]()
        if path in KINDS:
            return {"resources": [*_resources(KINDS[path], True), *_resources(CLUSTER_WIDE.get(path, []), False)]}
        if method == "GET" and path.rpartition("/")[2] in ("pods", "events", "replicasets", "endpointslices"):
            return {"items": []}
        raise missing(path)


def missing(what: str = "it") -> ApiError:
    return ApiError(404, f"{what} not found", "NotFound", {"name": what})


def _resources(kinds: Iterable[tuple[str, str]], namespaced: bool) -> list[Object]:
    return [{"kind": kind, "name": name, "namespaced": namespaced} for kind, name in kinds] + [
        {"kind": kind, "name": f"{name}/status", "namespaced": namespaced} for kind, name in kinds
    ]

"""Requests to a Kubernetes API server, with the credentials of a kubeconfig."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.kubernetes.api import answers, kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.providers import engine_log

TIMEOUT = 10.0
"""Seconds for one request."""
RETRIES = 4
"""How often a request is sent again while the API server answers that there are too many."""
LONGEST_PAUSE = 5.0
"""Seconds between two attempts at most, whatever the API server asks for."""
NO_NAMESPACE = (
    "the Kubernetes API server ({server}) answered PATCH {path} with 404: the namespace does not exist. "
    "Run `pulumi refresh`, then `pulumi up`, which creates the namespace of a cluster again"
)
"""Why nothing can be created at a path."""
Object = dict[str, Any]
"""Any object of the Kubernetes API, as JSON."""
T = TypeVar("T")


class ApiServer:
    """The API server of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._session: requests.Session | None = None

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Self:
        """The API server of the cluster of a resource with these properties."""
        return cls(Cluster.of(props["cluster"], connection_of(props)))

    @property
    def place(self) -> str:
        """The address without credentials, if the kubeconfig names one, and the context: for messages."""
        address = urlsplit(kubeconfig.server(self._cluster)).netloc.rpartition("@")[2]
        context = f"context {self._cluster.context}" if self._cluster.context else "the current context"
        return f"{address}, {context}" if address else context

    def find(self, path: str, **params: str) -> Object | None:
        """The object at `path`, or None if it does not exist. All methods raise UnreachableError and RefusedError."""
        return self._send("GET", path, params)

    def listed(self, path: str, labels: Mapping[str, str]) -> list[Object]:
        """The objects at `path` that bear these labels."""
        selector = ",".join(f"{label}={value}" for label, value in labels.items())
        return list((self.find(path, labelSelector=selector) or {}).get("items", []))

    def patch(self, path: str, change: Object) -> Object | None:
        """Merge `change` into the object at `path` (RFC 7386); None if it does not exist."""
        return self._send("PATCH", path, {"fieldManager": "consul-on-pulumi"}, change, "application/merge-patch+json")

    def apply(self, path: str, wanted: Object) -> None:
        """Create the object at `path`, or change it to what is `wanted` (server-side apply).

        Raises RefusedError, also where its namespace does not exist."""
        params = {"fieldManager": "consul-on-pulumi", "force": "true"}
        if self._send("PATCH", path, params, wanted, "application/apply-patch+yaml") is None:
            raise RefusedError(NO_NAMESPACE.format(server=self.place, path=path))

    def delete(self, path: str, uid: str, propagation: str = "Background", grace: int | None = None) -> None:
        """Delete the object at `path` if it still has this `uid`. An object that is gone already is no error.

        A pod has `grace` seconds for its end, by default as many as its specification says.
        """
        options = {
            **({} if grace is None else {"gracePeriodSeconds": grace}),
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": propagation,
        }
        self._send("DELETE", path, {}, options)

    def last_warning(self, namespace: str, kind: str, name: str) -> str:
        """The last warning event about an object of the namespace; empty if there is none."""
        chosen = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
        events = (self.find(f"/api/v1/namespaces/{namespace}/events", fieldSelector=chosen) or {}).get("items", [])
        if not events:
            return ""
        newest = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime")))
        return f"{newest.get('reason')}: {newest.get('message')}"

    def _send(
        self, method: str, path: str, params: dict[str, str], body: Object | None = None, kind: str = "application/json"
    ) -> Object | None:
        try:
            configuration = kubeconfig.access(self._cluster)
            self._session = self._session or kubeconfig.session(configuration)
            headers = kubeconfig.authorization(configuration) | {"Content-Type": kind}
            content = None if body is None else json.dumps(body)
            url = configuration.host + path
            answer = self._session.request(method, url, params, content, headers=headers, timeout=TIMEOUT)
            for _ in range(RETRIES):
                if answer.status_code != 429:
                    break
                time.sleep(_pause(answer))
                answer = self._session.request(method, url, params, content, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise UnreachableError(answers.silence(error)) from error
        # 409: another object has this name now, so the one with this UID is gone.
        gone = (404, 409) if method == "DELETE" else (404,)
        if answer.status_code in gone and answers.message(answer):
            return None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise UnreachableError(answers.refusal(answer))
        if not answer.ok:
            raise RefusedError(answers.refusal(answer))
        try:
            found: Object = answer.json()
        except requests.JSONDecodeError as error:
            raise UnreachableError(answers.foreign(answer)) from error
        return found


def _pause(answer: requests.Response) -> float:
    asked = answer.headers.get("Retry-After", "1")
    return min(float(asked) if asked.isdigit() else 1.0, LONGEST_PAUSE)


def if_answered(request: Callable[[], T]) -> T | None:
    """The result of a request; None, with a warning, if the API server does not answer or refuses."""
    try:
        return request()
    except (RefusedError, UnreachableError) as error:
        engine_log.not_compared("what runs in Kubernetes", error)
        return None

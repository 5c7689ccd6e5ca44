"""A few questions and orders to a Kubernetes API server, by whatever credentials a kubeconfig has."""

import json
from typing import Any

import requests

from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster

ATTEMPT = 10.0
"""Seconds for one request."""
MERGE = "application/merge-patch+json"
FIELD_MANAGER = "consul-on-pulumi"
"""Who is said to have set what is set from here."""

Object = dict[str, Any]
"""Any object of the Kubernetes API, as JSON."""


class ApiServer:
    """The API server of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._session: requests.Session | None = None

    def find(self, path: str, **params: str) -> Object | None:
        """What is at `path`, below the host; None where there is nothing.

        Raises UnreachableError or RefusedError, like all the others.
        """
        return self._ask("GET", path, params)

    def patch(self, path: str, change: Object) -> Object | None:
        """Merge `change` into the object at `path` (RFC 7386); None where there is none."""
        return self._ask("PATCH", path, {"fieldManager": FIELD_MANAGER}, change, MERGE)

    def delete(self, path: str, uid: str, propagation: str = "Background") -> None:
        """Delete the object at `path` if it still is the one with this `uid`; that it is gone already is no failure."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": propagation,
        }
        self._ask("DELETE", path, {}, options)

    def _ask(
        self, method: str, path: str, params: dict[str, str], body: Object | None = None, kind: str = "application/json"
    ) -> Object | None:
        try:
            configuration = kubeconfig.access(self._cluster)
            self._session = self._session or kubeconfig.session(configuration)
            headers = kubeconfig.authorization(configuration) | {"Content-Type": kind}
            content = None if body is None else json.dumps(body)
            answer = self._session.request(
                method, configuration.host + path, params, content, headers=headers, timeout=ATTEMPT
            )
        except requests.RequestException as error:
            raise UnreachableError(f"the Kubernetes API server does not answer, {error}") from error
        if answer.ok:
            found: Object = answer.json()
            return found
        # 409: another object bears the name by now, so the one that was meant is gone.
        if answer.status_code == 404 or (method == "DELETE" and answer.status_code == 409):
            return None
        said = _message(answer)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise UnreachableError(f"the Kubernetes API server is in problem: {said}")
        raise RefusedError(f"the Kubernetes API server refused: {said}")


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (requests.JSONDecodeError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text.strip()[:200]}"

"""How the program reaches the Consul agent in a pod: through the Kubernetes API server, or as the settings say.

`http+kubernetes://CONTEXT/NAMESPACE/POD:PORT` forwards a port or, where the API server forwards none, goes through its
proxy; `-forward` and `-proxy` after the scheme ask for one of the two. Credentials come from the kubeconfig at the time
of use.
"""

import json
import re
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from consul_on_pulumi.model import ports
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig, port_forward
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import cluster_of


class AccessMethod(Enum):
    """How to get through an API server; the value is what follows the scheme."""

    AUTO = ""
    FORWARD = "-forward"
    PROXY = "-proxy"


METHODS = {"auto": AccessMethod.AUTO, "port-forward": AccessMethod.FORWARD, "proxy": AccessMethod.PROXY}
"""The words of the setting."""
_PATH = re.compile(r"/(?P<namespace>[^/]+)/(?P<pod>[^/:]+):(?P<port>\d+)(?P<rest>.*)")
_without_port_forward: set[Cluster] = set()


def address(
    cluster: Cluster,
    namespace: str,
    pod: str,
    port: int,
    *,
    scheme: str = "http",
    method: AccessMethod = AccessMethod.AUTO,
) -> str:
    """The address of a port of a pod, to be handed to whatever asks Consul."""
    return f"{scheme}+kubernetes{method.value}://{cluster.text}/{namespace}/{pod}:{port}"


def server_address(settings: KubernetesArgs, pod: str) -> str:
    """The address of one server's HTTP API, as the setting `consul_access` says."""
    chosen = settings.get("consul_access", "auto")
    if chosen not in METHODS:
        return chosen.format(pod=pod)
    return address(cluster_of(settings), settings["namespace"], pod, ports.HTTP, method=METHODS[chosen])


def adapter(scheme: str) -> BaseAdapter:
    """The adapter for addresses with this scheme, such as `http+kubernetes-proxy`."""
    secure, _, rest = scheme.partition("+kubernetes")
    return PodAdapter(secure, AccessMethod(rest))


class PodAdapter(BaseAdapter):
    """Turns what is asked of a pod into what an API server or a tunnel's entrance is asked."""

    def __init__(self, scheme: str, method: AccessMethod) -> None:
        super().__init__()
        self._scheme = scheme
        self._method = method
        self._direct = HTTPAdapter()
        self._api_servers: dict[Cluster, requests.Session] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send through a forwarded port, else through the API server's proxy."""
        url = urlsplit(request.url or "")
        named = _PATH.fullmatch(url.path)
        if named is None:
            raise requests.exceptions.InvalidURL(f"{request.url} names no pod and port")
        cluster, namespace, pod = Cluster.of(url.netloc), named["namespace"], named["pod"]
        rest = named["rest"] + (f"?{url.query}" if url.query else "")
        sent = request.copy()
        if self._method is not AccessMethod.PROXY and cluster not in _without_port_forward:
            try:
                port = port_forward.entrance((cluster, namespace, pod, int(named["port"])))
            except port_forward.TunnelRefusedError as refused:
                if self._method is AccessMethod.FORWARD:
                    raise requests.ConnectionError(f"no port is forwarded: {refused}") from refused
                _without_port_forward.add(cluster)
            else:
                sent.url = f"{self._scheme}://127.0.0.1:{port}{rest}"
                return self._direct.send(sent, *args, **options)
        secure = "https:" if self._scheme == "https" else ""
        return self._by_proxy(sent, cluster, f"{namespace}/pods/{secure}{pod}:{named['port']}/proxy{rest}", options)

    def close(self) -> None:
        """Close every connection."""
        self._direct.close()
        for opened in self._api_servers.values():
            opened.close()

    def _by_proxy(
        self, sent: requests.PreparedRequest, cluster: Cluster, path: str, options: dict[str, Any]
    ) -> requests.Response:
        configuration = kubeconfig.access(cluster)
        api = self._api_servers.setdefault(cluster, kubeconfig.session(configuration))
        sent.url = f"{configuration.host}/api/v1/namespaces/{path}"
        sent.headers.update(kubeconfig.authorization(configuration))
        own = {"verify": api.verify, "cert": api.cert, "proxies": api.proxies}
        answer = api.get_adapter(sent.url).send(sent, **options | own)
        if not answer.ok and (said := _of_api_server(answer)):
            # Else a pod that is missing would look like a key that is missing.
            raise requests.ConnectionError(said)
        return answer


def _of_api_server(answer: requests.Response) -> str | None:
    """What the API server itself says, or None where the answer comes from behind it."""
    try:
        status = answer.json()
    except (json.JSONDecodeError, requests.JSONDecodeError):
        return None
    if isinstance(status, dict) and status.get("kind") == "Status" and status.get("apiVersion") == "v1":
        return str(status.get("message"))
    return None

"""How the program reaches the Consul agent in a pod: through the Kubernetes API server, or as the settings say.

An address `http+kubernetes://CONTEXT/NAMESPACE/POD:PORT` names a context of the settings; a connection with a provider
of the program comes before it. It uses port forwarding, or the API server's proxy if it forwards
no ports; `-forward` or `-proxy` after the scheme selects one of them. Credentials are read from the kubeconfig at each
use.
"""

import re
from typing import Any

import pulumi
import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from consul_on_pulumi.model import ports
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.outputs import lifted
from consul_on_pulumi.platforms.kubernetes.api import answers, kubeconfig, port_forward
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.platforms.kubernetes.refusals import SCHEMES
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import cluster_of

_URL = re.compile(r"[^/]+//(?P<cluster>[^/]+)/(?P<namespace>[^/]+)/(?P<pod>[^/:]+):(?P<port>\d+)(?P<rest>.*)")


def server_address(settings: KubernetesArgs, pod: str, *, closed: bool = False) -> pulumi.Input[str]:
    """The address of one server's HTTP API for `consul/access.py`, following the setting `consul_access`.

    In a `closed` cluster it has the port for HTTPS. A forwarded port leads to the pod's own loopback interface, where
    the agent speaks plain HTTP; the connection up to there is that with the API server.
    """
    chosen = settings["consul_access"]
    if chosen not in SCHEMES:
        return chosen.format(pod=pod)
    start, port = f"{SCHEMES[chosen]}://{cluster_of(settings).text}", ports.HTTPS if closed else ports.HTTP
    address: pulumi.Input[str] = lifted(lambda name: f"{start}/{name}/{pod}:{port}", settings["namespace"])
    return address


def adapter(scheme: str, connection: Connection) -> BaseAdapter:
    """The adapter for one of the SCHEMES."""
    return PodAdapter(scheme, connection)


class PodAdapter(BaseAdapter):
    """Sends requests for a pod to a forwarded port or to the API server's proxy."""

    def __init__(self, scheme: str, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._scheme = scheme
        self._direct = HTTPAdapter()
        self._without_port_forward: set[Cluster] = set()
        self._api_servers: dict[Cluster, requests.Session] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send through a forwarded port, or else through the API server's proxy."""
        target = _URL.fullmatch(request.url or "")
        if target is None:
            raise requests.exceptions.InvalidURL(f"{request.url} does not name a pod and a port")
        cluster, (_, namespace, pod, port, rest) = Cluster.of(target["cluster"], self._connection), target.groups()
        sent = request.copy()
        if self._scheme != SCHEMES["proxy"] and cluster not in self._without_port_forward:
            try:
                forwarded = port_forward.local_port((cluster, namespace, pod, ports.HTTP))
            except port_forward.PortForwardRefusedError as refused:
                if self._scheme == SCHEMES["port-forward"]:
                    raise requests.ConnectionError(f"the API server refused to forward a port: {refused}") from refused
                self._without_port_forward.add(cluster)
            else:
                sent.url = f"http://127.0.0.1:{forwarded}{rest}"
                return self._direct.send(sent, *args, **options)
        scheme = "https:" if int(port) == ports.HTTPS else ""
        return self._by_proxy(sent, cluster, f"{namespace}/pods/{scheme}{pod}:{port}/proxy{rest}", options)

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()
        for session in self._api_servers.values():
            session.close()

    def _by_proxy(
        self, sent: requests.PreparedRequest, cluster: Cluster, path: str, options: dict[str, Any]
    ) -> requests.Response:
        configuration = kubeconfig.access(cluster)
        api = self._api_servers.setdefault(cluster, kubeconfig.session(configuration))
        sent.url = f"{configuration.host}/api/v1/namespaces/{path}"
        sent.headers.update(kubeconfig.authorization(configuration))
        own = {"verify": api.verify, "cert": api.cert, "proxies": api.proxies}
        answer = api.get_adapter(sent.url).send(sent, **options | own)
        if not answer.ok and (message := answers.message(answer)):
            # Otherwise a missing pod would look like a missing key.
            raise requests.ConnectionError(message)
        return answer

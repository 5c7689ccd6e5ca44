"""How the program reaches a Consul server whose address a state holds: directly, or through a Kubernetes API server.

An address is a URL. Beside http and https it may name a pod: `http+kubernetes://CONTEXT/NAMESPACE/POD:PORT` goes
through a tunnel or, where the API server grants none, through its proxy; `-forward` and `-proxy` behind the scheme ask
for one of the two. Addresses hold no credentials: those come from the kubeconfig, at the time of use.
"""

import json
import re
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from components.live import credentials, kubeconfig, tunnel
from components.live.kubeconfig import Cluster


class Way(Enum):
    """How to get through an API server; the value is what follows the scheme."""

    AUTO = ""
    FORWARD = "-forward"
    PROXY = "-proxy"


_PATH = re.compile(r"/(?P<namespace>[^/]+)/(?P<pod>[^/:]+):(?P<port>\d+)(?P<rest>.*)")
_untunnelled: set[Cluster] = set()


def address(cluster: Cluster, namespace: str, pod: str, port: int, *, scheme: str = "http", way: Way = Way.AUTO) -> str:
    """The address of a port of a pod, to be handed to whatever asks Consul."""
    return f"{scheme}+kubernetes{way.value}://{cluster.text}/{namespace}/{pod}:{port}"


def session() -> requests.Session:
    """A session that opens every kind of address, with what Consul wants to know of who asks."""
    opened = credentials.equip(requests.Session())
    # A proxy of the environment knows nothing of a loopback address or of a private network.
    opened.trust_env = False
    for scheme in ("http", "https"):
        for way in Way:
            opened.mount(f"{scheme}+kubernetes{way.value}://", _Pods(scheme, way))
    return opened


def reason(error: requests.RequestException) -> str:
    """What went wrong: in words where the API server or the kubeconfig said it, else the kind of error."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, str) else type(error).__name__


def answers(base: str, within: float) -> bool:
    """Whether the agent at this address says anything in so many seconds, be it a want of token or certificate."""
    with session() as opened:
        try:
            opened.get(f"{base}/v1/agent/self", timeout=within)
        except requests.exceptions.SSLError:
            return True
        except requests.RequestException:
            return False
    return True


class _Pods(BaseAdapter):
    """Turns what is asked of a pod into what an API server or a tunnel's entrance is asked."""

    def __init__(self, scheme: str, way: Way) -> None:
        super().__init__()
        self._scheme = scheme
        self._way = way
        self._direct = HTTPAdapter()
        self._api_servers: dict[Cluster, requests.Session] = {}

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        named = _PATH.fullmatch(url.path)
        if named is None:
            raise requests.exceptions.InvalidURL(f"{request.url} names no pod and port")
        cluster, namespace, pod = Cluster.of(url.netloc), named["namespace"], named["pod"]
        rest = named["rest"] + (f"?{url.query}" if url.query else "")
        sent = request.copy()
        if self._way is not Way.PROXY and cluster not in _untunnelled:
            try:
                port = tunnel.entrance((cluster, namespace, pod, int(named["port"])))
            except tunnel.TunnelRefusedError as refused:
                if self._way is Way.FORWARD:
                    raise requests.ConnectionError(f"no port is forwarded: {refused}") from refused
                _untunnelled.add(cluster)
            else:
                sent.url = f"{self._scheme}://127.0.0.1:{port}{rest}"
                return self._direct.send(sent, *args, **options)
        secure = "https:" if self._scheme == "https" else ""
        return self._by_proxy(sent, cluster, f"{namespace}/pods/{secure}{pod}:{named['port']}/proxy{rest}", options)

    def close(self) -> None:
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

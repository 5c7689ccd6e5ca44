"""The address and the credentials of an API server, read from a kubeconfig at each use.

The state holds none of them, only the name of a context and the path of a kubeconfig if the settings name one.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import requests

CURRENT = "_"
"""In a URL: the current context."""
MOST_CAUSES = 10
"""How many errors may be wrapped in each other."""

_loaded: dict["Cluster", Any] = {}
_loading = threading.RLock()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster: a context of a kubeconfig."""

    context: str = ""
    """Empty: the current context, or the service account if the program itself runs in a pod."""
    kubeconfig: str = ""
    """Path; empty: `$KUBECONFIG`, else `~/.kube/config`."""

    @property
    def text(self) -> str:
        """The cluster as the host part of a URL: `CONTEXT` or `CONTEXT;KUBECONFIG`."""
        words = [self.context or CURRENT, *([self.kubeconfig] if self.kubeconfig else [])]
        return ";".join(quote(word, safe="") for word in words)

    @classmethod
    def of(cls, text: str) -> Self:
        """The cluster with this `text`."""
        context, _, kubeconfig = text.partition(";")
        return cls(context="" if context == CURRENT else unquote(context), kubeconfig=unquote(kubeconfig))


def access(cluster: Cluster) -> Any:
    """The client's configuration (`kubernetes.client.Configuration`) with valid credentials.

    Raises requests.ConnectionError if no kubeconfig has this cluster.
    """
    with _loading:
        if cluster not in _loaded:
            _loaded[cluster] = _load(cluster)
        return _loaded[cluster]


def reason(error: requests.RequestException) -> str:
    """Why a connection failed: the address, and the words of the innermost error, which urllib3 wraps in others."""
    if error.args and isinstance(error.args[0], str):
        return error.args[0]
    inner: BaseException = error
    for _ in range(MOST_CAUSES):
        causes = (getattr(inner, "reason", None), *inner.args[:1], inner.__cause__, inner.__context__)
        inner = next((one for one in causes if isinstance(one, BaseException)), inner)
    text = str(getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or inner)
    return f"{urlsplit(str(error.request.url)).netloc}: {text}" if error.request else text


def authorization(configuration: Any) -> dict[str, str]:
    """The headers of a request. An exec plugin or an auth provider renews a token that has expired."""
    with _loading:
        settings = configuration.auth_settings()
    return {one["key"]: one["value"] for one in settings.values() if one["in"] == "header"}


def session(configuration: Any) -> requests.Session:
    """A session that verifies this API server and sends the client certificate if there is one."""
    opened = requests.Session()
    # Only the kubeconfig sets a proxy, as for kubectl; the environment does not.
    opened.trust_env = False
    opened.verify = (configuration.ssl_ca_cert or True) if configuration.verify_ssl else False
    if configuration.cert_file and configuration.key_file:
        opened.cert = (configuration.cert_file, configuration.key_file)
    if configuration.proxy:
        opened.proxies = {"http": configuration.proxy, "https": configuration.proxy}
    if configuration.tls_server_name:
        pool: Any = opened.get_adapter("https://")
        named = {"server_hostname": configuration.tls_server_name, "assert_hostname": configuration.tls_server_name}
        pool.poolmanager.connection_pool_kw.update(named)
    return opened


def _load(cluster: Cluster) -> Any:
    # Takes half a second, and only users of Kubernetes need it.
    from kubernetes import client, config

    configuration = client.Configuration()
    named = str(Path(cluster.kubeconfig).expanduser()) if cluster.kubeconfig else os.environ.get("KUBECONFIG")
    try:
        config.load_kube_config(named, cluster.context or None, configuration)
    except config.ConfigException as missing:
        if cluster.context or cluster.kubeconfig:
            raise requests.ConnectionError(f"kubeconfig: {missing}") from missing
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            raise requests.ConnectionError(f"kubeconfig: {missing}") from missing
    return configuration

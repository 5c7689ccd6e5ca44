"""Which Kubernetes API server is meant, and how to talk to it: as a kubeconfig says, at the time of use.

Nothing in here is kept in a state. What a state holds is the name of a context, and of a kubeconfig if one was named.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import requests

CURRENT = "_"
"""Stands for the context that is current where the program runs."""

_loaded: dict["Cluster", Any] = {}
_loading = threading.RLock()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster by its name in a kubeconfig."""

    context: str = ""
    """Empty: the current one, or that of the service account where the program itself runs in a pod."""
    kubeconfig: str = ""
    """Path; empty: `$KUBECONFIG`, else `~/.kube/config`."""

    @property
    def text(self) -> str:
        """The cluster in one word that fits the host part of a URL: `CONTEXT` or `CONTEXT;KUBECONFIG`."""
        words = [self.context or CURRENT, *([self.kubeconfig] if self.kubeconfig else [])]
        return ";".join(quote(word, safe="") for word in words)

    @classmethod
    def of(cls, text: str) -> Self:
        """The cluster that `text` says."""
        context, _, kubeconfig = text.partition(";")
        return cls(context="" if context == CURRENT else unquote(context), kubeconfig=unquote(kubeconfig))


def access(cluster: Cluster) -> Any:
    """The client's configuration (`kubernetes.client.Configuration`) with credentials that are valid now.

    Raises requests.ConnectionError, since a cluster that no kubeconfig leads to is one that cannot be reached.
    """
    with _loading:
        if cluster not in _loaded:
            _loaded[cluster] = _load(cluster)
        return _loaded[cluster]


def authorization(configuration: Any) -> dict[str, str]:
    """The headers that a request needs; an exec plugin or a provider is asked anew for a token that has expired."""
    with _loading:
        settings = configuration.auth_settings()
    return {one["key"]: one["value"] for one in settings.values() if one["in"] == "header"}


def session(configuration: Any) -> requests.Session:
    """A session that trusts this API server, and shows the client certificate if there is one."""
    opened = requests.Session()
    # A proxy of the environment is not for an API server unless the kubeconfig says so.
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
    # Half a second, and needed by nobody but users of Kubernetes.
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

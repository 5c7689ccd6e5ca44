"""The address and the credentials of an API server, read from a kubeconfig at each use.

The settings name a context and the path of a kubeconfig at most; a provider of the program may hold the kubeconfig.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import requests
import yaml
from yaml import YAMLError

from consul_on_pulumi.model.connection import UNKNOWN, UNKNOWN_YET, Connection

CURRENT = "_"
"""In a URL: the current context."""

_loaded: dict[tuple["Cluster", float], Any] = {}
_loading = threading.RLock()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster: a context of a kubeconfig."""

    context: str = ""
    """Empty: the current context, or the service account if the program itself runs in a pod."""
    kubeconfig: str = ""
    """Path or content; empty: `$KUBECONFIG`, else `~/.kube/config`."""
    cluster: str = ""
    """The cluster of the kubeconfig; empty: that of the context."""
    known: bool = True
    """Whether its provider is known already."""

    @property
    def text(self) -> str:
        """The cluster as the host part of a URL: `CONTEXT` or `CONTEXT;KUBECONFIG`."""
        words = [self.context or CURRENT, *([self.kubeconfig] if self.kubeconfig else [])]
        return ";".join(quote(word, safe="") for word in words)

    @classmethod
    def given(cls, settings: Mapping[str, str]) -> Self:
        """The cluster of the settings of a provider."""
        return cls(settings.get("context", ""), settings.get("kubeconfig", ""), settings.get("cluster", ""))

    @classmethod
    def of(cls, text: str, connection: Connection) -> Self:
        """The cluster that a connection names, else the one with this `text`."""
        if UNKNOWN in connection:
            return cls(known=False)
        if "kubernetes" in connection:
            return cls.given(connection["kubernetes"])
        context, _, kubeconfig = text.partition(";")
        return cls(context="" if context == CURRENT else unquote(context), kubeconfig=unquote(kubeconfig))


def access(cluster: Cluster) -> Any:
    """The client's configuration (`kubernetes.client.Configuration`) with valid credentials.

    Raises requests.ConnectionError if no kubeconfig has this cluster.
    """
    if not cluster.known:
        raise requests.ConnectionError(UNKNOWN_YET)
    with _loading:
        # A file may change while this process lives.
        if (key := (cluster, _changed(cluster))) not in _loaded:
            _loaded[key] = _load(cluster)
        return _loaded[key]


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


def is_content(kubeconfig: str) -> bool:
    """Whether a kubeconfig is given itself, and not its path."""
    return "\n" in kubeconfig or kubeconfig.lstrip().startswith("{")


def server(cluster: Cluster) -> str:
    """The address of the API server, or an empty text if its kubeconfig names none; no credentials are fetched."""
    try:
        document = _document(cluster, _file(cluster))
        context = _entry(document, "context", cluster.context or document.get("current-context", ""))
        return str(_entry(document, "cluster", cluster.cluster or context["cluster"])["server"])
    except (KeyError, OSError, StopIteration, TypeError, YAMLError):
        return ""


def _document(cluster: Cluster, named: str | None) -> dict[str, Any]:
    """The kubeconfig, with the chosen cluster in the chosen context."""
    text = cluster.kubeconfig
    if not is_content(text):
        text = Path(named or "~/.kube/config").expanduser().read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    if cluster.cluster:
        _entry(document, "context", cluster.context or document["current-context"])["cluster"] = cluster.cluster
    return document


def _entry(document: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one[kind] for one in document[f"{kind}s"] if one["name"] == name)
    return found


def _file(cluster: Cluster) -> str | None:
    return str(Path(cluster.kubeconfig).expanduser()) if cluster.kubeconfig else os.environ.get("KUBECONFIG")


def _changed(cluster: Cluster) -> float:
    if is_content(cluster.kubeconfig):
        return 0.0
    named = Path(_file(cluster) or "~/.kube/config").expanduser()
    return named.stat().st_mtime if named.is_file() else 0.0


def _load(cluster: Cluster) -> Any:
    # Takes half a second, and only users of Kubernetes need it.
    from kubernetes import client, config

    configuration = client.Configuration()
    named = _file(cluster)
    try:
        if cluster.cluster or is_content(cluster.kubeconfig):
            config.load_kube_config_from_dict(_document(cluster, named), cluster.context or None, configuration)
        else:
            config.load_kube_config(named, cluster.context or None, configuration)
    except (config.ConfigException, KeyError, OSError, StopIteration, TypeError, YAMLError) as missing:
        if cluster.context or cluster.kubeconfig or cluster.cluster:
            raise requests.ConnectionError(f"kubeconfig: {missing}") from missing
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            raise requests.ConnectionError(f"kubeconfig: {missing}") from missing
    return configuration

"""Requests to one API server. The one module that knows the `kubernetes` package."""

import json
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from kubernetes_plugin import kubeconfig
from kubernetes_plugin.errors import ApiError, UnreachableError
from kubernetes_plugin.kubeconfig import KubeconfigError
from kubernetes_plugin.objects import Object
from kubernetes_plugin.settings import Settings

# Seconds to connect, and to wait for an answer.
TIMEOUTS = (10, 60)
# How often, once a second, to ask again a server that says it is too busy.
BUSY_RETRIES = 10
TOO_MANY_REQUESTS = 429
MODULES = ("kubernetes.client", "kubernetes.config", "kubernetes.dynamic", "urllib3")


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
        return Library(*(import_module(name) for name in MODULES))


def _client(library: Library, found: kubeconfig.Kubeconfig) -> Any:
    """A client with the kubeconfig's address and credentials."""
    configuration = library.client.Configuration()
    # The client wants keys in files. They are read here once, so that none is left when this process is killed.
    with tempfile.TemporaryDirectory(prefix="pulumi-kubernetes-") as folder:
        try:
            library.config.load_kube_config_from_dict(
                found, client_configuration=configuration, persist_config=False, temp_file_path=folder
            )
            context = _tls(configuration)
        except (library.config.ConfigException, OSError) as error:
            raise KubeconfigError(f"the kubeconfig cannot be used: {error}") from error
    configuration.connection_pool_maxsize = 64
    # A request of unknown fate is for the caller to judge.
    configuration.retries = False
    client = library.client.ApiClient(configuration)
    pools = client.rest_client.pool_manager.connection_pool_kw
    for name in ("cert_file", "key_file", "ca_certs", "ca_cert_data"):
        pools.pop(name, None)
    pools["ssl_context"] = context
    return client


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


class Connection:
    """An API server and who asks it. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._library = client_library()
        found = kubeconfig.load(settings)
        self._client = self._library.dynamic.DynamicClient(_client(self._library, found), discoverer=lambda *_: None)
        self.default_namespace = settings.namespace or kubeconfig.namespace(found)
        """For objects that name none."""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """The answer to one request.

        Raises ``ApiError`` for an answer that is no success, ``UnreachableError`` when there is none.
        """
        for attempt in range(BUSY_RETRIES + 1):
            try:
                return self._ask_once(method, path, body, list((query or {}).items()), content_type)
            except ApiError as error:
                if error.status != TOO_MANY_REQUESTS or attempt == BUSY_RETRIES:
                    raise
                time.sleep(1)
        raise AssertionError("the last attempt neither returned nor raised")

    def _ask_once(self, method: str, path: str, body: Any, query: list[tuple[str, str]], content_type: str) -> Object:
        try:
            answer = self._client.request(
                method,
                path,
                body=body,
                query_params=query,
                content_type=content_type,
                serialize=False,
                _request_timeout=TIMEOUTS,
            )
        except self._library.client.ApiException as error:
            if not error.status:
                raise UnreachableError(str(error.reason)) from error
            raise ApiError.of_answer(int(error.status), error.body, str(error.reason)) from error
        except (self._library.urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(str(error)) from error
        result: Object = json.loads(answer.data)
        return result

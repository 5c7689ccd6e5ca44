"""The provider contract of Pulumi's SDK, served from threads: the Kubernetes client blocks."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pulumi.provider.experimental.provider import (
    CallRequest,
    CallResponse,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    ConstructRequest,
    ConstructResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    GetSchemaRequest,
    GetSchemaResponse,
    InvokeRequest,
    InvokeResponse,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from kubernetes_plugin import checking, configuring, creating, deleting, diffing, reading, settings, updating
from kubernetes_plugin.engine_log import EngineLog
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import UnknownTypeError

VERSION = "4.34.2"
"""The version of the official plugin, and of the SDK, that this one stands in for."""
# Waiting resources hold a thread each.
THREADS = 256
VARIABLE = "kubernetes:config:"

Request = TypeVar("Request")
Response = TypeVar("Response")


class KubernetesProvider(Provider):
    """Kubernetes objects as Pulumi resources."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._cancelled = threading.Event()
        self._threads = ThreadPoolExecutor(THREADS, "operation")
        self._session: Session | None = None

    async def get_schema(self, request: GetSchemaRequest) -> GetSchemaResponse:
        """A schema that describes nothing: the SDK is there, and kinds are discovered."""
        return GetSchemaResponse(json.dumps({"name": "kubernetes", "version": VERSION}))

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """See ``configuring``."""
        return configuring.check_config(request)

    async def diff_config(self, request: DiffRequest) -> DiffResponse:
        """See ``configuring``."""
        return configuring.diff_config(request)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        """Starts to connect."""
        given = {key.removeprefix(VARIABLE): value for key, value in request.variables.items()}
        self._session = Session(settings.read(given), self._log, self._cancelled)
        return ConfigureResponse(accept_secrets=True, supports_preview=True, accept_resources=False)

    async def check(self, request: CheckRequest) -> CheckResponse:
        """See ``checking``."""
        return await self._in_thread(checking.check, request)

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """See ``diffing``."""
        return await self._in_thread(diffing.diff, request)

    async def create(self, request: CreateRequest) -> CreateResponse:
        """See ``creating``."""
        return await self._in_thread(creating.create, request)

    async def read(self, request: ReadRequest) -> ReadResponse:
        """See ``reading``."""
        return await self._in_thread(reading.read, request)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """See ``updating``."""
        return await self._in_thread(updating.update, request)

    async def delete(self, request: DeleteRequest) -> None:
        """See ``deleting``."""
        await self._in_thread(deleting.delete, request)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """Refused."""
        raise UnknownTypeError(f"{request.tok} is not served by this plugin; it needs the official Kubernetes plugin")

    async def call(self, request: CallRequest) -> CallResponse:
        """Refused."""
        raise UnknownTypeError(f"{request.tok} is not served by this plugin; it needs the official Kubernetes plugin")

    async def construct(self, request: ConstructRequest) -> ConstructResponse:
        """Refused."""
        raise UnknownTypeError(
            f"{request.resource_type} is not served by this plugin, which knows single Kubernetes objects; Helm "
            "charts, YAML files and kustomizations need the official Kubernetes plugin"
        )

    async def cancel(self) -> None:
        """Ends what waits."""
        self._cancelled.set()

    async def _in_thread(self, operation: Callable[[Session, Request], Response], request: Request) -> Response:
        if self._session is None:
            raise RuntimeError("the engine asked for an operation before it configured the plugin")
        return await asyncio.get_running_loop().run_in_executor(self._threads, operation, self._session, request)

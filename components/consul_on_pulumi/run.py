"""What belongs to one run of a program. A process may run several, one after the other (Automation API, unit tests)."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

import grpc
import pulumi
from pulumi.runtime import settings
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2

DYNAMIC = "pulumi-python"
"""The package of all dynamic providers."""
NOTHING = "nothing"
"""No URN: the engine refuses a function that depends on it, and does so when the provider runs."""


_done: WeakKeyDictionary[object, set[Hashable]] = WeakKeyDictionary()
"""What `first_time` was asked, by the monitor of each run: it goes with the run."""


def first_time(what: Hashable) -> bool:
    """Whether this is asked for the first time in this run."""
    # A process without a monitor has one run, for which this function stands: the engine starts one for each.
    asked = _done.setdefault(pulumi.runtime.settings.get_monitor() or first_time, set())
    before = len(asked)
    asked.add(what)
    return len(asked) > before


def mocks() -> Mocks | None:
    """The mocks of a unit test (`pulumi.runtime.set_mocks`); None if an engine runs the program."""
    monitor = pulumi.runtime.settings.get_monitor()
    return monitor.mocks if isinstance(monitor, MockMonitor) else None


def start_provider(package: str, version: str = "") -> None:
    """Let the engine start the default provider of a package now, once in a run. It returns at once and never fails.

    The SDK registers resources only when a program has run to its end, and then the first one would wait for its
    provider: half a second for the imports of the dynamic providers, which are a second Python.
    """
    able = resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON
    if settings.monitor_supports_feature(able) and first_time((start_provider, package)):
        # No such function: the package is what matters.
        request = resource_pb2.ResourceInvokeRequest(tok=f"{package}:index:start", version=version, dependsOn=[NOTHING])
        Thread(target=_start, args=(settings.get_monitor(), request), daemon=True).start()


def registrations_first() -> None:
    """Let the SDK wait for all registrations before it waits for outputs, as it does if one has begun by then.

    None has when a program has run to its end. The SDK then looks at every output that is not known again whenever one
    is: with a client a fifth of the program's processor time, with 30 more than a third (pulumi 3.259,
    runtime/stack.py, wait_for_rpcs).
    """
    if first_time(registrations_first):
        settings.SETTINGS.rpc_manager.rpcs.append(asyncio.ensure_future(asyncio.sleep(0)))


def _start(monitor: Any, request: resource_pb2.ResourceInvokeRequest) -> None:
    with suppress(grpc.RpcError):
        monitor.Invoke(request)

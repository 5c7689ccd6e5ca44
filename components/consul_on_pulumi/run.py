"""What belongs to one run of a program. A process may run several, one after the other (Automation API, unit tests)."""

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

DYNAMIC = "pulumi-python:index:start"
"""No function, but it names the package whose provider the engine starts."""
NOTHING = "nothing"
"""No URN: the engine refuses a function that depends on it, and does so when the provider runs."""


class _Process:
    """Stands for the run in a process that has no monitor: the engine starts one for each run."""


_PROCESS = _Process()
_done: WeakKeyDictionary[object, set[Hashable]] = WeakKeyDictionary()
"""What `first_time` was asked, by the monitor of each run: it goes with the run."""


def first_time(what: Hashable) -> bool:
    """Whether this is asked for the first time in this run."""
    asked = _done.setdefault(pulumi.runtime.settings.get_monitor() or _PROCESS, set())
    before = len(asked)
    asked.add(what)
    return len(asked) > before


def mocks() -> Mocks | None:
    """The mocks of a unit test (`pulumi.runtime.set_mocks`); None if an engine runs the program."""
    monitor = pulumi.runtime.settings.get_monitor()
    return monitor.mocks if isinstance(monitor, MockMonitor) else None


def start_dynamic_providers() -> None:
    """Let the engine start the process of the dynamic providers now, once in a run. It returns at once and never fails.

    The SDK registers resources only when a program has run to its end. A second Python would start as late, and its
    imports take half a second.
    """
    if settings.monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON) and first_time(
        NOTHING
    ):
        Thread(target=_start, args=(settings.get_monitor(),), daemon=True).start()


def _start(monitor: Any) -> None:
    with suppress(grpc.RpcError):
        monitor.Invoke(resource_pb2.ResourceInvokeRequest(tok=DYNAMIC, dependsOn=[NOTHING]))

"""What belongs to one run of a program. A process may run several, one after the other (Automation API, unit tests)."""

from collections.abc import Hashable
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.mocks import MockMonitor, Mocks


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

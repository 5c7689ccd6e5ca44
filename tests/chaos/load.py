"""Writers that behave like applications, and the result of each of their writes."""

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

import requests

INTERVAL = 0.02
"""Seconds between two writes: 50 a second."""
TIMEOUT = 1.0
"""Seconds for one write. A write is never repeated."""


@dataclass(frozen=True, slots=True)
class Write:
    """One attempt."""

    key: str
    began: float
    ended: float
    problem: str | None
    """The answer, if it is not an acknowledgement."""


@dataclass(slots=True)
class Report:
    """All attempts of one writer, or of several."""

    writes: list[Write] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Write]:
        return [write for write in self.writes if write.problem is None]

    @property
    def failed(self) -> list[Write]:
        return [write for write in self.writes if write.problem is not None]

    @property
    def longest(self) -> float:
        """Seconds that the slowest acknowledged write took."""
        return max(write.ended - write.began for write in self.acknowledged)

    @property
    def gap(self) -> float:
        """The longest time in seconds between two acknowledgements."""
        ends = sorted(write.ended for write in self.acknowledged)
        return max(later - earlier for earlier, later in itertools.pairwise(ends))

    def lost(self, stored: Callable[[str], str | None]) -> list[str]:
        """The keys that were acknowledged and are not stored."""
        return [write.key for write in self.acknowledged if stored(write.key) != write.key]

    def __str__(self) -> str:
        return (
            f"{len(self.writes)} writes, {len(self.failed)} failed, longest {self.longest:.2f} s, gap {self.gap:.2f} s"
        )


class Writer:
    """Writes every 20 ms while the `with` block runs, to the base URL that `target` returns at that moment."""

    def __init__(
        self,
        prefix: str,
        target: Callable[[], str],
        token: Callable[[], str] | None = None,
        report: Report | None = None,
    ) -> None:
        """`token` returns the ACL token at that moment; `report` is one that several writers share."""
        self.report = Report() if report is None else report
        self._prefix, self._target, self._token = prefix, target, token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for number in itertools.count():
                if self._stop.is_set():
                    return
                write = self._write(session, f"{self._prefix}/{number}")
                self.report.writes.append(write)
                time.sleep(max(0.0, INTERVAL - (write.ended - write.began)))

    def _write(self, session: requests.Session, key: str) -> Write:
        headers = {"X-Consul-Token": self._token()} if self._token else {}
        began = time.monotonic()
        try:
            answer = session.put(f"{self._target()}/v1/kv/{key}", data=key, headers=headers, timeout=TIMEOUT)
            problem = None if answer.ok and answer.text.strip() == "true" else f"{answer.status_code} {answer.text}"
        except requests.RequestException as error:
            problem = type(error).__name__
        return Write(key, began, time.monotonic(), problem)


class Follower:
    """Knows the leader, as a client does that writes to the leader: it asks all servers again and again."""

    def __init__(self, servers: Callable[[], Mapping[str, str]]) -> None:
        """`servers` returns the base URL of each server's HTTP API by its Raft address, at any time."""
        self._servers = servers
        self._leader = next(iter(servers().values()))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Follower":
        self._ask()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def leader(self) -> str:
        """Base URL of the last known leader."""
        return self._leader

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self._ask()

    def _ask(self) -> None:
        bases = self._servers()
        named = [leader for base in bases.values() if (leader := self._one(base)) in bases]
        if named:
            self._leader = bases[statistics.mode(named)]

    @staticmethod
    def _one(base: str) -> str:
        try:
            return str(requests.get(f"{base}/v1/status/leader", timeout=0.3).json())
        except (requests.RequestException, ValueError):
            return ""

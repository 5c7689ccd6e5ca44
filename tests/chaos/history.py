"""Clients that read, write and compare-and-set the same few keys, and the history of it for a checker."""

import functools
import itertools
import json
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from tests.chaos.load import TIMEOUT
from tools import places

CHECKER = Path(__file__).parent / "checker"
PAUSE = 0.2
"""Seconds that a client waits after an operation without effect or answer, as applications do."""
INTERVAL = 0.05
"""Seconds of a client between two operations: a history lasts through several faults."""
NO_LEADER = "No cluster leader"
"""The answer of a server that knows no leader and did nothing (`ErrNoLeader`, agent/structs/errors.go)."""
KEYS = 8
"""Few enough that clients use the same keys, many enough that the checker finishes."""

Operation = dict[str, Any]
"""The fields are those of `checker/main.go`."""


class Client(threading.Thread):
    """One client: one operation after another, each through another server. Reads use `?consistent`."""

    def __init__(self, number: int, bases: Callable[[], list[str]], prefix: str, operations: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.history: list[Operation] = []
        """Every operation that had an effect, or may have one."""
        self._number, self._bases, self._prefix, self._operations = number, bases, prefix, operations
        self._random = random.Random(f"{seed} {number}")
        self._seen: dict[str, tuple[str, int]] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def run(self) -> None:
        for count in itertools.count():
            if len(self.history) >= self._operations:
                return
            key = f"{self._prefix}/{self._random.randrange(KEYS)}"
            kind = self._random.choice(["read", "read", "write", "cas"])
            if kind == "cas" and key not in self._seen:
                kind = "read"
            self._do(kind, key, f"{self._number}.{count}")
            time.sleep(INTERVAL)

    def _do(self, kind: str, key: str, new: str) -> None:
        operation: Operation = {"Client": self._number, "Key": key, "Kind": kind, "Call": time.monotonic_ns()}
        if kind != "read":
            # Also for a write without an answer: its value may be read later.
            operation["New"] = new
        base = self._random.choice(self._bases())
        try:
            operation |= getattr(self, f"_{kind}")(f"{base}/v1/kv/{key}", key, new)
        except requests.RequestException as error:
            # A read without an answer tells nothing.
            if kind == "read" or not_done(error):
                time.sleep(PAUSE)
                return
            operation |= {"Unknown": True, "Problem": problem(error)}
        operation["Return"] = time.monotonic_ns()
        self.history.append(operation)
        if operation.get("Unknown"):
            time.sleep(PAUSE)

    def _read(self, url: str, key: str, _new: str) -> Operation:
        answer = self._session.get(url, params={"consistent": "", "raw": ""}, timeout=TIMEOUT)
        if answer.status_code == 404:
            return {"Output": ""}
        answer.raise_for_status()
        self._seen[key] = (answer.text, int(answer.headers["X-Consul-Index"]))
        return {"Output": answer.text}

    def _write(self, url: str, _key: str, new: str) -> Operation:
        self._session.put(url, data=new, timeout=TIMEOUT).raise_for_status()
        return {}

    def _cas(self, url: str, key: str, new: str) -> Operation:
        old, index = self._seen.pop(key)
        try:
            answer = self._session.put(url, params={"cas": index}, data=new, timeout=TIMEOUT)
            answer.raise_for_status()
        except requests.RequestException as error:
            if not_done(error):
                raise
            return {"Old": old, "Unknown": True, "Problem": problem(error)}
        return {"Old": old, "Done": answer.text.strip() == "true"}


def not_done(error: requests.RequestException) -> bool:
    """Whether the request certainly had no effect: it was never sent, or the server knew no leader."""
    if error.response is not None:
        return NO_LEADER in error.response.text
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def problem(error: requests.RequestException) -> str:
    """What came instead of an answer."""
    return type(error).__name__ if error.response is None else error.response.text.strip()


def make(
    bases: Callable[[], list[str]],
    prefix: str,
    operations: int,
    clients: int,
    disturb: Callable[[], None],
    seed: int = 0,
) -> list[Operation]:
    """Run `operations` in all by some clients, and call `disturb` again and again meanwhile."""
    running = [Client(number, bases, prefix, operations // clients, seed) for number in range(clients)]
    for client in running:
        client.start()
    while any(client.is_alive() for client in running):
        disturb()
    return list(itertools.chain.from_iterable(client.history for client in running))


def bounded(history: list[Operation]) -> list[Operation]:
    """The same history with fewer operations of unknown result, as far as others decide them.

    An operation that may take effect at any later time multiplies the work of a checker. Every value is written once.
    If somebody read it, its write took effect before the first of those reads returned. If nobody did, the write may
    have come after everything else and is left out, unless a compare-and-set of its key failed meanwhile or later: the
    write may be the reason.
    """
    seen: dict[tuple[str, str], int] = {}
    failed: dict[str, int] = {}
    for operation in history:
        value = operation.get("Output") if operation["Kind"] == "read" else operation.get("Done") and operation["Old"]
        if value and not operation.get("Unknown"):
            place = operation["Key"], value
            seen[place] = min(seen.get(place, operation["Return"]), operation["Return"])
        if operation["Kind"] == "cas" and not operation.get("Unknown") and not operation["Done"]:
            failed[operation["Key"]] = max(failed.get(operation["Key"], 0), operation["Return"])
    known = []
    for operation in history:
        if not operation.get("Unknown"):
            known.append(operation)
        elif operation["Kind"] != "read" and (before := seen.get((operation["Key"], operation["New"]))):
            known.append({**operation, "Return": max(before, operation["Call"]), "Bounded": True})
        elif operation["Kind"] != "read" and failed.get(operation["Key"], 0) > operation["Call"]:
            known.append(operation)
    return known


def keep(history: list[Operation], seed: int) -> Path:
    """Write a history to a file of its own, and return its path."""
    folder = places.state() / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"history-{seed}-{time.time_ns()}.json"
    file.write_text(json.dumps(history))
    return file


@functools.cache
def checker() -> str:
    """The path of the checker, built once in a run."""
    output = Path(tempfile.mkdtemp()) / "checker"
    subprocess.run(["go", "build", "-o", output, "."], cwd=CHECKER, check=True, capture_output=True)
    return str(output)


def linearizable(history: list[Operation]) -> bool:
    """Whether porcupine, a known checker, finds the history linearizable."""
    history = bounded(history)
    checked = subprocess.run([checker()], input=json.dumps(history), capture_output=True, text=True, check=False)
    assert checked.returncode in (0, 1), checked.stderr
    assert checked.stdout.strip() in ("linearizable", "not linearizable"), checked.stderr
    return checked.stdout.strip() == "linearizable"

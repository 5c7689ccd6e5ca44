"""One conversation with Consul over HTTP: any server will do, absence is not failure, and nothing waits for ever."""

import base64
import json
import time
from collections.abc import Iterable, Sequence
from typing import IO, Any
from urllib.parse import quote

import requests

from consul_on_pulumi.consul import access
from consul_on_pulumi.model.kv_plan import Operation, Stored
from consul_on_pulumi.model.seed import Seed

ATTEMPT = 5.0
"""Seconds for one request to one server."""


class UnreachableError(Exception):
    """No server answered in time, or none that answered had a leader. Says nothing about what is stored."""


class RefusedError(Exception):
    """Consul understood the request and declined it."""


class ChangedError(Exception):
    """A key is no longer as it was read, so a write or deletion that relied on it was not done."""


class Consul:
    """The HTTP API of one cluster, by any of its addresses."""

    def __init__(self, addresses: Sequence[str], timeout: float = 30.0) -> None:
        """`addresses` are base URLs; `timeout` is in seconds, for one call with all its tries."""
        self._addresses = list(addresses)
        self._patience = timeout
        self._session = access.session()

    def leader(self) -> str:
        """The leader's Raft address (`GET /v1/status/leader`), waited for.

        Raises UnreachableError when no server names one in time.
        """
        deadline = time.monotonic() + self._patience
        while True:
            named = [found for base in self._addresses if (found := self._leader_by(base))]
            if named:
                return max(named, key=named.count)
            if time.monotonic() > deadline:
                raise UnreachableError(f"no leader within {self._patience:.0f} s at {', '.join(self._addresses)}")
            time.sleep(0.1)

    def keys_below(self, prefix: str) -> dict[str, Stored]:
        """Every key that starts with `prefix`, read through the leader (`?consistent`)."""
        answer = self.ask("GET", f"/v1/kv/{quote(prefix)}", {"recurse": "", "consistent": ""})
        return {} if answer.status_code == 404 else _stored(answer.json())

    def at(self, keys: Sequence[str]) -> dict[str, Stored]:
        """Those of `keys` that exist, 128 at most, read through the leader."""
        asked = [{"KV": {"Verb": "get-or-empty", "Key": key}} for key in keys]
        answer = self.ask("PUT", "/v1/txn", {"consistent": ""}, json.dumps(asked))
        if answer.status_code == 409:
            raise RefusedError(_said(answer))
        return _stored(result["KV"] for result in answer.json()["Results"] if result["KV"]["CreateIndex"])

    def index_below(self, prefix: str) -> int:
        """The index up to which everything that starts with `prefix` has come (`X-Consul-Index`)."""
        answer = self.ask("GET", f"/v1/kv/{quote(prefix)}", {"keys": "", "consistent": ""})
        return int(answer.headers["X-Consul-Index"])

    def transact(self, operations: list[Operation]) -> None:
        """All of `operations` or none (`PUT /v1/txn`).

        Raises ChangedError when a key has another index than its operation names, and RefusedError.
        """
        answer = self.ask("PUT", "/v1/txn", body=json.dumps(operations, separators=(",", ":")))
        if answer.status_code == 409:
            # Also what a token does not allow is answered like this.
            stale = all("index is stale" in error["What"] for error in answer.json()["Errors"])
            raise (ChangedError if stale else RefusedError)(_said(answer))

    def put(self, key: str, value: bytes, index: int, flags: int = 0) -> None:
        """One key whose value fits no transaction, if it still has `index` (0: if it does not exist)."""
        answer = self.ask("PUT", f"/v1/kv/{quote(key)}", {"cas": str(index), "flags": str(flags)}, value)
        if answer.text.strip() != "true":
            raise ChangedError(f"key {key!r}")

    def ask(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        body: str | bytes | IO[bytes] | None = None,
        attempt: float = ATTEMPT,
        stream: bool = False,
    ) -> requests.Response:
        """Try every server in turn until one gives an answer that is the cluster's and not its own trouble.

        `attempt` is in seconds, for one try. Each try sends a file from its beginning, piece by piece; with `stream`
        the answer's content is left to be read. Raises UnreachableError and RefusedError.
        """
        deadline = time.monotonic() + self._patience
        problem = "no address to ask"
        while True:
            for base in self._addresses:
                if body is not None and not isinstance(body, str | bytes):
                    body.seek(0)
                try:
                    answer = self._session.request(method, base + path, params, body, timeout=attempt, stream=stream)
                except requests.RequestException as error:
                    problem = f"{base}: {access.reason(error)}"
                    continue
                if answer.ok or answer.status_code in (404, 409):
                    return answer
                problem = f"{base}: {answer.status_code} {answer.text.strip()[:200]}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RefusedError(problem)
            if time.monotonic() > deadline:
                raise UnreachableError(f"no answer within {self._patience:.0f} s, last {problem}")
            time.sleep(0.2)

    def _leader_by(self, base: str) -> str | None:
        try:
            answer = self._session.get(f"{base}/v1/status/leader", timeout=1.0)
            return str(answer.json()) or None if answer.ok else None
        except requests.RequestException:
            return None


def _said(refused: requests.Response) -> str:
    return "; ".join(sorted({error["What"] for error in refused.json()["Errors"]}))


def _stored(entries: Iterable[dict[str, Any]]) -> dict[str, Stored]:
    return {
        found["Key"]: Stored(
            Seed(base64.b64decode(found["Value"] or ""), found["Flags"]), found["ModifyIndex"], found["CreateIndex"]
        )
        for found in entries
    }


def led(addresses: Sequence[str]) -> list[str]:
    """The addresses whose server answers and knows a leader, each asked once."""
    consul = Consul(addresses)
    return [base for base in addresses if consul._leader_by(base)]


def leader_now(addresses: Sequence[str], timeout: float) -> str | None:
    """The leader's Raft address, or None where nobody names one within `timeout` seconds."""
    try:
        return Consul(addresses, timeout).leader()
    except UnreachableError:
        return None

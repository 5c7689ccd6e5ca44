"""The HTTP API of a cluster: any server may answer, every call has a timeout, and a missing key is no error."""

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

ATTEMPT_TIMEOUT = 5.0
"""Seconds for one request to one server."""


class UnreachableError(Exception):
    """No server answered in time, or no server knows a leader. It does not mean that a key is missing."""


class RefusedError(Exception):
    """Consul refused the request, for instance because the token does not allow it."""


class ChangedError(Exception):
    """A key changed after it was read, so the write or deletion was not done."""


class Consul:
    """The HTTP API of one cluster, through any of its servers."""

    def __init__(self, addresses: Sequence[str], timeout: float = 30.0) -> None:
        """`addresses` are base URLs; `timeout` is in seconds, for one call with all its attempts."""
        self._addresses = list(addresses)
        self._timeout = timeout
        self._session = access.session()

    def leader(self) -> str:
        """Wait for a leader and return its Raft address (`GET /v1/status/leader`).

        Raises UnreachableError if no server knows a leader in time.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            leaders = [leader for base in self._addresses if (leader := self._leader_at(base))]
            if leaders:
                return max(leaders, key=leaders.count)
            if time.monotonic() > deadline:
                asked = ", ".join(self._addresses)
                raise UnreachableError(f"no leader within {self._timeout:.0f} s at {asked}: check the servers' logs")
            time.sleep(0.1)

    def keys_below(self, prefix: str) -> dict[str, Stored]:
        """Every entry whose key starts with `prefix`, in a consistent read (`?consistent`)."""
        answer = self.request("GET", f"/v1/kv/{quote(prefix)}", {"recurse": "", "consistent": ""})
        return {} if answer.status_code == 404 else _stored(answer.json())

    def existing(self, keys: Sequence[str]) -> dict[str, Stored]:
        """The entries of those `keys` that exist, at most 128 keys, in a consistent read."""
        operations = [{"KV": {"Verb": "get-or-empty", "Key": key}} for key in keys]
        answer = self.request("PUT", "/v1/txn", {"consistent": ""}, json.dumps(operations))
        if answer.status_code == 409:
            raise RefusedError(_error_text(answer))
        return _stored(result["KV"] for result in answer.json()["Results"] if result["KV"]["CreateIndex"])

    def index_below(self, prefix: str) -> int:
        """The Raft index of the last change below `prefix` (`X-Consul-Index`), or a later one."""
        answer = self.request("GET", f"/v1/kv/{quote(prefix)}", {"keys": "", "consistent": ""})
        return int(answer.headers["X-Consul-Index"])

    def transact(self, operations: list[Operation]) -> None:
        """Do all `operations` or none (`PUT /v1/txn`).

        Raises ChangedError if a key has another index than its operation names, and RefusedError.
        """
        answer = self.request("PUT", "/v1/txn", body=json.dumps(operations, separators=(",", ":")))
        if answer.status_code == 409:
            # Consul answers 409 also if the token does not allow an operation.
            stale = all("index is stale" in error["What"] for error in answer.json()["Errors"])
            raise (ChangedError if stale else RefusedError)(_error_text(answer))

    def put(self, key: str, value: bytes, index: int, flags: int = 0) -> None:
        """Write one key that is too large for a transaction, if it has this `index` (0: if it does not exist)."""
        answer = self.request("PUT", f"/v1/kv/{quote(key)}", {"cas": str(index), "flags": str(flags)}, value)
        if answer.text.strip() != "true":
            raise ChangedError(f"key {key!r}")

    def request(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        body: str | bytes | IO[bytes] | None = None,
        attempt_timeout: float = ATTEMPT_TIMEOUT,
        stream: bool = False,
    ) -> requests.Response:
        """Try the servers one after the other, again and again, until one answers the request.

        `attempt_timeout` is in seconds, for one attempt. Each attempt sends a file from its start, in pieces; with
        `stream` the caller reads the content of the answer. Raises UnreachableError and RefusedError.
        """
        deadline = time.monotonic() + self._timeout
        problem = "no address"
        while True:
            for base in self._addresses:
                if body is not None and not isinstance(body, str | bytes):
                    body.seek(0)
                try:
                    answer = self._session.request(
                        method, base + path, params, body, timeout=attempt_timeout, stream=stream
                    )
                except requests.RequestException as error:
                    problem = f"{base}: {access.error_reason(error)}"
                    continue
                if answer.ok or answer.status_code in (404, 409):
                    return answer
                problem = f"{base}: {answer.status_code} {answer.text.strip()[:200]}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise RefusedError(problem)
            if time.monotonic() > deadline:
                raise UnreachableError(f"no answer within {self._timeout:.0f} s, last {problem}. Check the servers")
            time.sleep(0.2)

    def _leader_at(self, base: str) -> str | None:
        try:
            answer = self._session.get(f"{base}/v1/status/leader", timeout=1.0)
            return str(answer.json()) or None if answer.ok else None
        except requests.RequestException:
            return None


def _error_text(answer: requests.Response) -> str:
    return "; ".join(sorted({error["What"] for error in answer.json()["Errors"]}))


def _stored(entries: Iterable[dict[str, Any]]) -> dict[str, Stored]:
    return {
        entry["Key"]: Stored(
            Seed(base64.b64decode(entry["Value"] or ""), entry["Flags"]), entry["ModifyIndex"], entry["CreateIndex"]
        )
        for entry in entries
    }


def leader_now(addresses: Sequence[str], timeout: float) -> str | None:
    """The leader's Raft address, or None if no server knows a leader within `timeout` seconds."""
    try:
        return Consul(addresses, timeout).leader()
    except UnreachableError:
        return None

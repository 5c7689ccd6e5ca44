"""The HTTP API of a cluster: any server may answer, every call has a timeout, and a missing key is no error."""

import base64
import json
import time
from collections.abc import Iterable, Sequence
from typing import IO, Any
from urllib.parse import quote

import requests

from consul_on_pulumi.consul import access, answers
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.kv_plan import Operation, Stored
from consul_on_pulumi.model.seed import Seed

ATTEMPT_TIMEOUT = 5.0
"""Seconds for one request to one server."""


class UnreachableError(Exception):
    """No server did the request in time, or no server knows a leader. It does not mean that a key is missing."""


class RefusedError(Exception):
    """Consul refused the request, for instance because the token does not allow it."""


class ExistsError(Exception):
    """What was to be created exists, maybe since a request whose answer was lost."""


class TooLargeError(Exception):
    """The request has more bytes than the servers accept."""


class ChangedError(Exception):
    """A key changed after it was read, so the write or deletion was not done."""


class Consul:
    """The HTTP API of one cluster, through any of its servers."""

    def __init__(self, addresses: Sequence[str], connection: Connection, timeout: float = 30.0) -> None:
        """`addresses` are base URLs; `timeout` is in seconds, for one call with all its attempts."""
        self._addresses = list(addresses)
        self._timeout = timeout
        self._session = access.session(connection)

    def leader(self) -> str:
        """Wait for a leader and return its Raft address (`GET /v1/status/leader`).

        Raises UnreachableError if no server knows a leader in time.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            found = [self._leader_at(base) for base in self._addresses]
            if leaders := [leader for leader, _ in found if leader]:
                return max(leaders, key=leaders.count)
            if time.monotonic() > deadline:
                problems = "; ".join(dict.fromkeys(problem for _, problem in found)) or "no server is known"
                raise UnreachableError(f"no leader within {self._timeout:.0f} s: {problems}")
            time.sleep(0.1)

    def keys_below(self, prefix: str) -> dict[str, Stored]:
        """Every entry whose key starts with `prefix`, in a consistent read (`?consistent`)."""
        answer = self.request("GET", f"/v1/kv/{quote(prefix)}", {"recurse": "", "consistent": ""})
        _require_all(answer, prefix)
        return {} if answer.status_code == 404 else _stored(content(answer))

    def existing(self, keys: Sequence[str]) -> dict[str, Stored]:
        """The entries of those `keys` that exist, at most 128 keys, in a consistent read."""
        operations = [{"KV": {"Verb": "get-or-empty", "Key": key}} for key in keys]
        answer = self.request("PUT", "/v1/txn", {"consistent": ""}, json.dumps(operations))
        if answer.status_code == 409:
            raise RefusedError(_refused(answer))
        # Of a transaction Consul leaves out what the token may not read, and a header does not say so.
        found = {result["KV"]["Key"]: result["KV"] for result in content(answer)["Results"] or []}
        if hidden := [key for key in keys if key not in found]:
            raise RefusedError(f"{agent(answer)} hides the key {hidden[0]!r}: {answers.may_not_read('key:read')}")
        return _stored(entry for entry in found.values() if entry["CreateIndex"])

    def index_below(self, prefix: str) -> int:
        """The Raft index of the last change below `prefix` (`X-Consul-Index`), or a later one.

        Keys that the token may not read count too.
        """
        answer = self.request("GET", f"/v1/kv/{quote(prefix)}", {"keys": "", "consistent": ""})
        if answer.ok:
            content(answer)
        if (index := answer.headers.get("X-Consul-Index")) is None:
            raise RefusedError(answers.refusal(agent(answer), answer))
        return int(index)

    def transact(self, operations: list[Operation]) -> None:
        """Do all `operations` or none (`PUT /v1/txn`).

        Raises ChangedError if a key has another index than its operation names, TooLargeError and RefusedError.
        """
        answer = self.request("PUT", "/v1/txn", body=json.dumps(operations, separators=(",", ":")))
        if answer.status_code == 409:
            # Consul answers 409 also if the token does not allow an operation.
            stale = all("index is stale" in error["What"] for error in content(answer)["Errors"])
            raise ChangedError(_errors(answer)) if stale else RefusedError(_refused(answer))
        # Otherwise another program at this address would seem to have stored the entries.
        content(answer)

    def put(self, key: str, value: bytes, index: int, flags: int = 0) -> None:
        """Write one key that is too large for a transaction, if it has this `index` (0: if it does not exist)."""
        answer = self.request("PUT", f"/v1/kv/{quote(key)}", {"cas": str(index), "flags": str(flags)}, value)
        if content(answer) is not True:
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
        `stream` the caller reads the content of the answer. Raises UnreachableError, TooLargeError, ExistsError and
        RefusedError.
        """
        deadline = time.monotonic() + self._timeout
        problem = "no server is known"
        while True:
            for base in self._addresses:
                if body is not None and not isinstance(body, str | bytes):
                    body.seek(0)
                try:
                    answer = self._session.request(
                        method, base + path, params, body, timeout=attempt_timeout, stream=stream
                    )
                except requests.RequestException as error:
                    problem = answers.silence(base, error)
                    continue
                # A platform may have sent it to another address on the way.
                answer.url = base + path
                if answer.ok or answer.status_code in (404, 409):
                    return answer
                problem = answers.refusal(base, answer)
                if answers.is_duplicate(answer):
                    raise ExistsError(problem)
                if answer.status_code < 500 and answer.status_code != 429:
                    raise (TooLargeError if answer.status_code == 413 else RefusedError)(problem)
            if time.monotonic() > deadline:
                raise UnreachableError(f"not done within {self._timeout:.0f} s: {problem}")
            time.sleep(0.2)

    def _leader_at(self, base: str) -> tuple[str | None, str]:
        """The leader that this server knows, or None and why."""
        try:
            answer = self._session.get(f"{base}/v1/status/leader", timeout=1.0)
            if not answer.ok:
                return None, answers.refusal(base, answer)
            return str(answers.content(base, answer)) or None, f"{base} knows no leader: {answers.NO_LEADER}"
        except requests.RequestException as error:
            return None, answers.silence(base, error)
        except ValueError as error:
            return None, str(error)


def content(answer: requests.Response) -> Any:
    """The JSON of an answer. Raises RefusedError if it is something else."""
    try:
        return answers.content(agent(answer), answer)
    except ValueError as error:
        raise RefusedError(str(error)) from None


def _require_all(answer: requests.Response, prefix: str) -> None:
    """Raises RefusedError for a read that lacks keys below `prefix`."""
    if answers.is_filtered(answer):
        raise RefusedError(f"{agent(answer)} hides keys below {prefix!r}: {answers.may_not_read('key:read')}")


def agent(answer: requests.Response) -> str:
    """The address of the agent that gave this answer."""
    return answer.url.partition("/v1/")[0]


def _errors(answer: requests.Response) -> str:
    return "; ".join(sorted({error["What"].rstrip(".") for error in content(answer)["Errors"]}))


def _refused(answer: requests.Response) -> str:
    text = _errors(answer)
    return f"{text}: {answers.remedy(answer.status_code, text)}"


def _stored(entries: Iterable[dict[str, Any]]) -> dict[str, Stored]:
    return {
        entry["Key"]: Stored(
            Seed(base64.b64decode(entry["Value"] or ""), entry["Flags"]), entry["ModifyIndex"], entry["CreateIndex"]
        )
        for entry in entries
    }


def leader_now(addresses: Sequence[str], connection: Connection, timeout: float) -> str | None:
    """The leader's Raft address, or None if no server knows a leader within `timeout` seconds."""
    try:
        return Consul(addresses, connection, timeout).leader()
    except UnreachableError:
        return None

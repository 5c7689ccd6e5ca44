"""Every failure of the Consul client names the agent or the key, what it answered, and what to do."""

import re
import socket
import ssl
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from consul_on_pulumi.consul import answers, kv_store, rollout, snapshot_files
from consul_on_pulumi.consul.api import Consul, RefusedError, TooLargeError, UnreachableError
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.kv_plan import Rule
from consul_on_pulumi.model.rollout import not_ready_reason
from consul_on_pulumi.model.seed import Seed
from consul_on_pulumi.providers.autopilot import AutopilotProvider
from consul_on_pulumi.providers.kv_baseline import KvBaselineProvider
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider

from tests.consul.test_servers import NAMES, agent_self, peer
from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.snapshots import snapshot

pytestmark = pytest.mark.usefixtures("shortest_timeouts")


@pytest.fixture
def shortest_timeouts(short_timeouts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is one attempt."""
    create = Consul.__init__
    monkeypatch.setattr(
        Consul,
        "__init__",
        lambda consul, addresses, connection, timeout=0.0: create(consul, addresses, connection, 0.0),
    )


ANSWERS: dict[Fault, tuple[str, str]] = {
    Fault.NO_LEADER: ("500 No cluster leader", "a majority of the servers must run"),
    Fault.BROKEN: ("500 rpc error", "see the log of that agent"),
    Fault.FULL: ("no space left on device", "the volume of its data is full, free some space there"),
    Fault.BUSY: ("429 Your IP is issuing too many concurrent connections", "raise `limits.request_limits`"),
    Fault.LIMITED: ("503 rate limit exceeded", "raise `limits.request_limits`"),
    Fault.FORBIDDEN: ("403 Permission denied", "`pulumi config set --secret token`"),
    Fault.UNKNOWN_TOKEN: ("401 ACL not found", "does not know the token"),
    Fault.SHUT_OUT: ("403 Access is restricted", "remove `http_config.allow_write_http_from`"),
    Fault.BLOCKED: ("403 Endpoint is blocked by agent configuration", "`http_config.block_endpoints`"),
    Fault.TOO_LARGE: ("413 Request body(9 bytes) too large", "raise `limits.kv_max_value_size`"),
    Fault.RESET: ("cannot be reached (Connection reset by peer)", "`pulumi refresh` and `pulumi up`"),
    Fault.HANG: ("does not answer in time", "`pulumi refresh` and `pulumi up`"),
    Fault.OTHER_PROGRAM: ("'<html>It works!</html>', which is not Consul", "see what else listens there"),
}
"""Each fault with what a message says that was answered, and what to do."""

RAW = re.compile(r"urllib3|HTTPConnectionPool|Max retries|Traceback|Caused by|object at 0x|Error\(")
"""Text of the libraries."""


def props(consul: FakeConsul) -> dict[str, Any]:
    return {"addresses": consul.addresses, "prefixes": ["a"], "min_quorum": 2, **kv_state.to_props({"a": Seed(b"1")})}


def _restore(consul: FakeConsul) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(snapshot())
        file.flush()
        snapshot_files.restore(consul.addresses, {}, Path(file.name))


REQUESTS: dict[str, Callable[[FakeConsul], Any]] = {
    "leader": lambda consul: Consul(consul.addresses, {}, 0).leader(),
    "keys": lambda consul: Consul(consul.addresses, {}, 0).keys_below("a"),
    "existing": lambda consul: Consul(consul.addresses, {}, 0).existing(["a"]),
    "index": lambda consul: Consul(consul.addresses, {}, 0).index_below("a"),
    "transact": lambda consul: Consul(consul.addresses, {}, 0).transact([{"KV": {"Verb": "delete-cas", "Key": "a"}}]),
    "put": lambda consul: Consul(consul.addresses, {}, 0).put("a", b"1", 0),
    "apply": lambda consul: kv_store.apply(Consul(consul.addresses, {}, 0), "s", {}, {"a": Seed(b"1")}, Rule()),
    "snapshot": lambda consul: snapshot_files.save(
        consul.addresses, {}, Path(tempfile.gettempdir()) / f"{uuid.uuid4()}.snap"
    ),
    "restore": _restore,
    "KvBaseline": lambda consul: KvBaselineProvider().create(props(consul)),
    "KvEntries, create": lambda consul: KvEntriesProvider().create(props(consul)),
    "KvEntries, update": lambda consul: KvEntriesProvider().update("id", {"entries": {"b": "1"}}, props(consul)),
    "KvEntries, delete": lambda consul: KvEntriesProvider().delete("id", props(consul)),
    "Autopilot": lambda consul: AutopilotProvider().create(props(consul)),
}
BYTES_ALONE = {"snapshot", "restore"}
"""Requests whose answer may be anything."""


@pytest.mark.parametrize("fault", ANSWERS)
@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_that_fails_names_the_agent_its_answer_and_what_to_do(
    consul: FakeConsul, what: str, fault: Fault
) -> None:
    if what in BYTES_ALONE and fault is Fault.OTHER_PROGRAM:
        return
    consul.fail(fault, times=float("inf"))

    with pytest.raises((UnreachableError, RefusedError, TooLargeError)) as caught:
        REQUESTS[what](consul)

    answered, remedy = ANSWERS[fault]
    text = str(caught.value)
    assert consul.addresses[0] in text
    assert answered in text
    assert remedy in text
    assert not RAW.search(text)


def test_an_address_where_nothing_listens_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(UnreachableError, match=f"{address} refuses connections: `pulumi refresh`"):
            Consul([address], {}, 0).leader()


@pytest.mark.parametrize(
    ("reason", "fix"),
    [
        ("certificate is not yet valid", "compare the clocks of this machine and of the agents"),
        ("certificate has expired", "compare the clocks of this machine and of the agents"),
        ("unable to get local issuer certificate", "check CONSUL_CACERT"),
    ],
)
def test_d14_a_certificate_that_no_clock_accepts_names_the_clocks(reason: str, fix: str) -> None:
    failed = ssl.SSLCertVerificationError(1, "certificate verify failed")
    failed.verify_message = reason

    text = answers.silence("dev-server-0", requests.exceptions.SSLError(failed))

    assert text.startswith(f"dev-server-0 has no TLS connection with this program ({reason}): {fix}")


def test_no_message_shows_the_header_that_cannot_be_sent() -> None:
    with pytest.raises(requests.exceptions.InvalidHeader) as caught:
        requests.get("http://127.0.0.1:1", headers={"X-Consul-Token": "s3cret\n"}, timeout=1)

    text = answers.silence("dev-server-0", caught.value)

    assert text.startswith("dev-server-0 was not asked, no header can carry the token: give the program a token")
    assert "s3cret" not in text


def test_a_snapshot_that_breaks_off_is_a_sentence(consul: FakeConsul, tmp_path: Path) -> None:
    consul.snapshot, consul.cut = b"x" * 100, 10

    with pytest.raises(UnreachableError, match=f"{consul.addresses[0]} broke off its answer: run it again"):
        snapshot_files.save(consul.addresses, {}, tmp_path / "broken.snap")
    assert list(tmp_path.iterdir()) == []


def test_a_transaction_that_the_token_does_not_allow_names_the_token(consul: FakeConsul) -> None:
    consul.fail(Fault.DENIED, "/v1/txn", times=9)

    with pytest.raises(RefusedError, match="Permission denied: key:write: give the program a token"):
        Consul(consul.addresses, {}, 0).existing(["a"])


@pytest.fixture
def servers(three: FakeConsul) -> Servers:
    """Three servers; the second leads."""
    for ordinal in range(3):
        three.canned[ordinal, "GET", "/v1/agent/self"] = agent_self(ordinal, leads=ordinal == 1)
        three.canned[ordinal, "GET", "/v1/agent/members"] = [{"Name": name} for name in NAMES]
    three.canned[1, "GET", "/v1/operator/raft/configuration"] = {"Servers": [peer(0), peer(1), peer(2)]}
    return Servers(NAMES, three.addresses, {})


ANSWERED = [fault for fault in ANSWERS if fault not in (Fault.RESET, Fault.HANG)]
"""The faults that are answers; a server that does not answer is named as such, and a rollout says what to do."""


@pytest.mark.parametrize("fault", ANSWERED)
@pytest.mark.parametrize(("path", "answering"), [("/v1/agent/self", 0), ("/v1/operator/raft", 1)])
def test_b3_a_server_that_is_not_ready_answered_something(
    three: FakeConsul, servers: Servers, fault: Fault, path: str, answering: int
) -> None:
    three.fail(fault, path, server=answering)

    reason = not_ready_reason(NAMES[0], servers.view(), 0) or ""

    answered, remedy = ANSWERS[fault]
    assert NAMES[answering] in reason
    assert answered in reason
    assert remedy in reason
    assert not_ready_reason(NAMES[0], servers.view(), 0) is None, "a fault lasts until the next view"


@pytest.mark.parametrize("fault", ANSWERED)
def test_b3_a_rollout_that_stops_says_what_was_answered(
    three: FakeConsul, servers: Servers, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "TIMEOUT", 0.1)
    answered, remedy = ANSWERS[fault]
    three.fail(fault, "/v1/operator/raft/transfer-leader", times=float("inf"))
    three.fail(fault, "/v1/agent/force-leave", times=float("inf"))
    three.fail(fault, "/v1/operator/raft/peer", times=float("inf"))

    with pytest.raises(RefusedError) as transfer:
        rollout.transfer_leadership(servers, NAMES, NAMES[1], servers.view())
    with pytest.raises(RolloutStoppedError) as removal:
        rollout.remove_member(servers, NAMES[2])

    for text in (str(transfer.value), str(removal.value)):
        assert re.search(r"dev-server-\d answered", text)
        assert answered in text
        assert remedy in text
        assert not RAW.search(text)


def test_a_removal_without_a_leader_says_what_the_servers_answered(
    three: FakeConsul, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "LEADER_TIMEOUT", 0.1)
    three.fail(Fault.BROKEN, "/v1/agent/self", times=float("inf"))

    with pytest.raises(
        RolloutStoppedError,
        match=r"without dev-server-2 the rest would have no quorum .*answered GET /v1/agent/self with 500",
    ):
        rollout.require_quorum_without(servers, NAMES[2])


def test_a_rollout_without_a_leader_says_what_the_servers_answered(
    three: FakeConsul, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "TIMEOUT", 0.1)
    three.fail(Fault.BROKEN, "/v1/agent/self", times=float("inf"))

    view, reasons = rollout.wait_until_ready(servers, lambda _: NAMES)

    assert view is None
    assert all(f"{name} answered GET /v1/agent/self with 500" in reasons for name in NAMES)

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.providers import autopilot
from consul_on_pulumi.providers.autopilot import AutopilotProvider
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_consul import FakeConsul, Fault

pytestmark = pytest.mark.usefixtures("short_waits")


def props(consul: FakeConsul, min_quorum: float = 2) -> dict[str, Any]:
    return {"addresses": consul.addresses, "min_quorum": min_quorum, "revision": 1}


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"__provider": "another pickle"}, False),
        ({"min_quorum": 3.0}, True),
        ({"addresses": UNKNOWN}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_a_difference_is_an_update_in_place_also_an_unknown_address(change: dict[str, Any], changes: bool) -> None:
    olds = {"addresses": ["http://one"], "min_quorum": 2.0, "revision": 1.0}

    result = AutopilotProvider().diff("id", olds, olds | change)

    assert result.changes is changes
    assert not result.replaces


def test_creating_sets_the_quorum_and_leaves_the_rest(consul: FakeConsul) -> None:
    before = dict(consul.autopilot)

    result = AutopilotProvider().create(props(consul, 2.0))

    assert consul.autopilot == before | {"MinQuorum": 2, "ModifyIndex": 11}
    assert (result.id, result.outs) == ("autopilot", props(consul))


def test_updating_sets_the_quorum(consul: FakeConsul) -> None:
    result = AutopilotProvider().update("autopilot", props(consul, 2), props(consul, 3))

    assert consul.autopilot["MinQuorum"] == 3
    assert result.outs == props(consul, 3)


def test_an_unchanged_quorum_is_not_written(consul: FakeConsul) -> None:
    consul.autopilot["MinQuorum"] = 2

    AutopilotProvider().create(props(consul))

    assert consul.writes() == []


def test_a_change_of_another_program_in_between_is_kept(consul: FakeConsul) -> None:
    def others() -> None:
        consul.autopilot |= {"MaxTrailingLogs": 500, "ModifyIndex": 9}

    consul.before_write(others)

    AutopilotProvider().create(props(consul))

    assert (consul.autopilot["MinQuorum"], consul.autopilot["MaxTrailingLogs"]) == (2, 500)
    assert [request.query for request in consul.writes()] == [{"cas": "5"}, {"cas": "9"}]


def test_a_write_whose_answer_is_lost_is_not_repeated(three: FakeConsul) -> None:
    three.fail(Fault.LOST_ANSWER, "/v1/operator", method="PUT")

    AutopilotProvider().create(props(three))

    assert three.autopilot["MinQuorum"] == 2
    assert three.autopilot["ModifyIndex"] == 11


def test_an_election_is_waited_for(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, "/v1/status")

    AutopilotProvider().create(props(consul))

    assert [request.path for request in consul.requests[:2]] == ["/v1/status/leader"] * 2
    assert consul.autopilot["MinQuorum"] == 2


def test_an_unreachable_cluster_is_a_failure(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    with pytest.raises(UnreachableError):
        AutopilotProvider().create(props(consul))
    with pytest.raises(UnreachableError):
        AutopilotProvider().update("autopilot", props(consul), props(consul, 3))


def test_reading_reports_the_current_quorum(consul: FakeConsul) -> None:
    consul.autopilot["MinQuorum"] = 0

    result = AutopilotProvider().read("autopilot", props(consul))

    assert result.id == "autopilot"
    assert result.outs == result.inputs == props(consul, 0)


def test_reading_an_unreachable_cluster_changes_nothing(consul: FakeConsul) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    result = AutopilotProvider().read("autopilot", props(consul))

    assert result.outs == result.inputs == props(consul)


@pytest.mark.parametrize("fault", [Fault.NO_LEADER, Fault.FORBIDDEN], ids=str)
def test_a5_what_could_not_be_read_is_said(consul: FakeConsul, fault: Fault, warned: list[str]) -> None:
    consul.fail(fault, times=float("inf"))

    assert AutopilotProvider().read("autopilot", props(consul)).outs == props(consul)
    assert warned[0].startswith("autopilot's configuration could not be read and may have changed: ")


def store(consul: FakeConsul, said: dict[str, int], now: dict[str, int]) -> None:
    """Servers that store so many entries of the Raft log by autopilot's state, and by their own; one whose name begins
    with x does not run."""
    status = {name: "failed" if name.startswith("x") else "alive" for name in said}
    servers = {
        f"{n}-id": {"ID": f"{n}-id", "Name": n, "NodeStatus": status[n], "LastIndex": i} for n, i in said.items()
    }
    consul.canned[0, "GET", autopilot.STATE] = {"Servers": servers}
    for ordinal, (name, last) in enumerate(now.items()):
        consul.canned[ordinal, "GET", "/v1/agent/self"] = agent_self(name, last)


def agent_self(name: str, last: int) -> dict[str, Any]:
    raft = {"state": "Follower", "term": 1, "commit_index": last, "applied_index": last, "last_log_index": last}
    member = {"Addr": name, "Tags": {"port": "8300"}}
    return {"Config": {"NodeID": f"{name}-id"}, "Member": member, "Meta": {}, "Stats": {"raft": raft}}


@pytest.mark.parametrize(
    ("known", "now", "said"),
    [
        ({"a": 500, "b": 500, "c": 500}, {}, []),
        (
            {"a": 500, "b": 488, "c": 500},
            {"b": 489},
            ["b stores nothing new: it has 489 of 500 entries of the Raft log"],
        ),
        # Autopilot knows what they had 2 seconds ago.
        ({"a": 500, "b": 400, "c": 410}, {"a": 900, "b": 899, "c": 500}, []),
        # Another resource says that a server does not answer.
        ({"a": 500, "b": 400, "c": 500}, {}, []),
        ({"a": 500, "b": 500, "x": 3}, {}, []),
        ({}, {}, []),
    ],
)
def test_d13_a_server_that_stores_nothing_new_is_named_although_nothing_has_to_change(
    three: FakeConsul, warned: list[str], known: dict[str, int], now: dict[str, int], said: list[str]
) -> None:
    store(three, known, now)

    assert not AutopilotProvider().diff("id", props(three), props(three)).changes

    assert [message.partition(", and no other server may stop")[0] for message in warned] == said


def test_a_server_that_catches_up_is_not_named(consul: FakeConsul, warned: list[str]) -> None:
    store(consul, {"a": 500, "b": 400}, {"b": 400})
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(AutopilotProvider().diff, "id", props(consul), props(consul))
        while len(consul.requests) < 3:
            time.sleep(0.01)
        consul.canned[0, "GET", "/v1/agent/self"] = agent_self("b", 500)
        seen.result()

    assert warned == []


def test_servers_that_cannot_be_asked_are_no_server_that_stores_everything(
    consul: FakeConsul, warned: list[str]
) -> None:
    consul.fail(Fault.NO_LEADER, times=float("inf"))

    assert not AutopilotProvider().diff("id", props(consul), props(consul)).changes
    assert warned[0].startswith("how much of the Raft log each server has could not be read")


def test_deleting_changes_nothing_in_consul(consul: FakeConsul) -> None:
    AutopilotProvider().delete("autopilot", props(consul))

    assert consul.requests == []


def shrunk(consul: FakeConsul, before: int, after: int) -> list[str]:
    """The refusals of a change of the quorum; the servers of `consul` remain."""
    news = {"min_quorum": after, "addresses": consul.addresses}
    return [
        failure.reason for failure in AutopilotProvider().check({"min_quorum": before, "addresses": []}, news).failures
    ]


@pytest.mark.parametrize(
    ("before", "after", "answering", "refused"),
    [(3, 2, 3, False), (3, 2, 2, False), (3, 2, 1, True), (2, 3, 0, False), (2, 2, 0, False), (2, 1, 0, True)],
)
def test_a_cluster_shrinks_only_if_the_remaining_servers_have_a_quorum(
    before: int, after: int, answering: int, refused: bool
) -> None:
    with FakeConsul(servers=after * 2 - 1) as remaining:
        for server in range(answering, remaining.servers):
            remaining.fail(Fault.NO_LEADER, "/v1/status", server=server, times=float("inf"))

        assert (
            shrunk(remaining, before, after)
            == [
                f"cluster.servers: {answering} of the {remaining.servers} servers that would remain know a leader, "
                f"expected at least {after}, else the smaller cluster has no quorum: repair them first"
            ]
            * refused
        )


def test_a_preview_during_an_election_waits_for_its_end(three: FakeConsul) -> None:
    for server in range(three.servers):
        three.fail(Fault.NO_LEADER, "/v1/status", server=server)

    assert shrunk(three, before=3, after=2) == []

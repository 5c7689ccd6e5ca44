"""An open cluster is closed while applications write: in three updates, each of which may stop in the middle."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.chaos import scenarios
from tests.chaos.load import Report
from tests.e2e import consul
from tests.e2e.agents.test_rolls import ids, replaced, watched
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.e2e.engine import docker
from tests.e2e.security.test_security import intruder
from tests.e2e.waiting import eventually
from tests.probes import generated as owned

pytestmark = pytest.mark.e2e

AGENTS = ["consul-server-0", "consul-server-1", "consul-server-2", "consul-client-0"]
REFUSED = {"performance": {"raft_multiplier": 99}}
"""An agent ends with it as soon as it starts."""
ORDINARY = 10
"""The most failed writes of an ordinary roll: while the leadership moves, and on a machine with much else to do."""
reports: dict[str, Report] = {}


@pytest.fixture(scope="module")
def adopting(cluster_of_module: Factory) -> Cluster:
    made = cluster_of_module("adopt", servers=3, clients=1, seeds={"app": {"name": "web"}}, security={"enabled": False})
    made.up()
    made.whole()
    return made


def closing(cluster: Cluster, phase: str | None, **more: object) -> None:
    """Change the settings."""
    adoption = {"adoption": phase} if phase else {}
    cluster.change(security={"enabled": True, "anonymous": "read", **adoption}, **more)


def rolls(cluster: Cluster, prefix: str, expected: list[str], token: str | None = None) -> None:
    """An update that replaces these agents, one at a time, under writes with this token."""
    with (
        watched(cluster) as silences,
        scenarios.written_to(cluster, prefix, (lambda: token) if token else None) as report,
    ):
        cluster.up()
    reports[prefix] = report
    assert replaced(cluster) == expected
    assert max(len(silent) for silent in silences) <= 1, silences
    cluster.whole()
    print(f"{prefix}: {report}", {one.problem for one in report.failed})
    assert len(report.failed) <= ORDINARY
    assert cluster.preview().keys() == {"same"}, cluster.changed()


@contextmanager
def joined(cluster: Cluster, *arguments: str) -> Iterator[str]:
    """The address of a client that somebody else started; in the end no agent remembers it."""
    first = f"{cluster.name}-server-0"
    with intruder(cluster, *arguments) as name:
        eventually("a member", lambda: docker("exec", first, "consul", "members"), lambda found: "intruder" in found)
        yield docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
        # Its container ends with it, before the command does on a busy machine.
        subprocess.run(["docker", "exec", name, "consul", "leave"], capture_output=True, check=False)

    def forgotten() -> set[str]:
        # An agent that hears it before it knows that the client left keeps it; one that has none refuses.
        for name in cluster.containers:
            command = ["docker", "exec", name, "consul", "force-leave", "-prune", "intruder"]
            subprocess.run(command, capture_output=True, check=False)
        return {member for base in cluster.agents for member in consul.members(base)}

    eventually("no agent remembers it", forgotten, lambda members: "intruder" not in members, within=60)


def test_no_phase_is_skipped(adopting: Cluster) -> None:
    closing(adopting, None)
    error = adopting.refused("preview")
    assert "cluster.security: expected `adoption: accept` first" in error
    assert f"{adopting.name}-client-0 (open)" in error


def test_agents_accept_and_everybody_is_answered_as_before(adopting: Cluster) -> None:
    closing(adopting, "accept")
    adopting.preview()
    assert "the cluster becomes closed, step 1 of 3" in "".join(adopting.log)
    rolls(adopting, "accept", AGENTS)
    for name in adopting.containers:
        assert "encrypted = true" in docker("exec", name, "consul", "info")
    docker("exec", adopting.containers[0], "consul", "kv", "put", "by-hand", "1")


def test_an_agent_from_elsewhere_without_the_key_is_named_before_nobody_hears_it(adopting: Cluster) -> None:
    with joined(adopting) as where:
        closing(adopting, "speak")
        error = adopting.refused("preview")
        assert f"cluster.security: intruder ({where}) joined from elsewhere and has no gossip key" in error
        closing(adopting, "accept")
        assert adopting.preview().keys() == {"same"}, adopting.changed()


def test_a_phase_that_stopped_in_the_middle_goes_back_or_on_and_not_further(adopting: Cluster) -> None:
    closing(adopting, "speak", server_config=REFUSED)
    with scenarios.written_to(adopting, "stopped") as report:
        assert "consul-server-0" in adopting.refused("up") or adopting.name in "".join(adopting.log)
        closing(adopting, None, server_config=None)
        error = adopting.refused("preview")
        assert "expected `adoption: speak` first" in error
        assert f"{adopting.name}-server-1 (accept)" in error
    reports["stopped"] = report
    closing(adopting, "accept")
    rolls(adopting, "back", AGENTS[:1])


def test_agents_speak_and_everybody_is_answered_as_before(adopting: Cluster) -> None:
    closing(adopting, "speak")
    rolls(adopting, "speak", AGENTS)
    docker("exec", adopting.containers[0], "consul", "kv", "put", "by-hand", "2")


def test_of_a_client_from_elsewhere_a_preview_says_what_it_needs(adopting: Cluster) -> None:
    with joined(adopting, f"-encrypt={owned.secrets(owned.of(adopting))[0]}") as where:
        closing(adopting, None)
        adopting.preview()
        assert f"intruder ({where}) joined from elsewhere. Servers will answer it only if it speaks TLS" in "".join(
            adopting.log
        )
        closing(adopting, "speak")


def test_in_the_end_nobody_writes_without_a_token_and_nothing_is_lost(adopting: Cluster) -> None:
    token = adopting.outputs["management_token"]
    closing(adopting, None)
    rolls(adopting, "insist", AGENTS, token)
    for base in adopting.agents:
        with pytest.raises(requests.HTTPError, match="403"):
            consul.put(base, "app/name", "stolen")
        assert consul.text(base, "by-hand") == "2"
    assert [key for report in reports.values() for key in scenarios.lost(adopting, report)] == []


def test_a_closed_cluster_is_not_opened(adopting: Cluster) -> None:
    for phase in ("speak", "accept"):
        closing(adopting, phase)
        assert "the cluster is closed" in adopting.refused("preview")
    adopting.change(security={"enabled": False})
    assert "the cluster is closed" in adopting.refused("preview")


def keys_of_gossip(cluster: Cluster) -> set[str]:
    token = cluster.outputs["management_token"]
    pools = consul.call(cluster.servers[0], "/v1/operator/keyring", token=token).json()
    return {key for pool in pools for key in pool["Keys"]}


def shown(cluster: Cluster) -> set[str]:
    """The certificates that agents show."""
    hosts = [base.removeprefix("http://").partition(":")[0] for _, base in scenarios.direct(cluster)]
    return {ssl.get_server_certificate((host, 8501)) for host in hosts}


def tokens(cluster: Cluster) -> set[str]:
    token = cluster.outputs["management_token"]
    return {one["SecretID"] for one in consul.call(cluster.servers[0], "/v1/acl/tokens", token=token).json()}


def test_everything_is_rotated_and_no_agent_restarts(adopting: Cluster) -> None:
    management = adopting.outputs["management_token"]
    made = {"Policies": [{"Name": "global-management"}], "Description": "writer"}
    own = consul.call(adopting.servers[0], "/v1/acl/token", "PUT", json.dumps(made), token=management).json()[
        "SecretID"
    ]
    before = ids(adopting), keys_of_gossip(adopting), shown(adopting), tokens(adopting), adopting.outputs["authority"]
    words = dict.fromkeys(("authority", "tokens", "gossip_key"), "1")
    closing(adopting, None)
    adopting.change(security={**adopting.settings["security"], "rotate": words})
    with scenarios.written_to(adopting, "rotated", lambda: own) as report:
        adopting.up()
        both = adopting.outputs["authority"]
        adopting.up()
    print(f"rotated: {report}", {one.problem for one in report.failed})

    assert adopting.preview().keys() == {"same"}, adopting.changed()
    assert ids(adopting) == before[0]
    after = keys_of_gossip(adopting), shown(adopting), tokens(adopting)
    assert len(after[0]) == 1
    assert not after[0] & before[1]
    assert not after[1] & before[2]
    # The anonymous one, that of the management and the one of this test.
    assert len(after[2] & before[3]) == 3
    assert both.endswith(before[4])
    assert adopting.outputs["authority"] == both.removesuffix(before[4])
    assert scenarios.lost(adopting, report) == []
    assert len(report.failed) <= ORDINARY
    adopting.whole()

    adopting.change(security={**adopting.settings["security"], "rotate": {**words, "management_token": "1"}})
    rolls(adopting, "management", AGENTS[:3], own)
    assert adopting.outputs["management_token"] != management
    assert management not in tokens(adopting)

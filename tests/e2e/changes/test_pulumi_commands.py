"""Pulumi's own commands keep their promises on a living cluster."""

import json
import re
from typing import Any

import pytest

from tests.e2e import consul, engine, pulumi_commands
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory, three_and_one

pytestmark = pytest.mark.e2e

CONTAINERS = "**docker:index/container:Container::consul-server-*"
GATES = "**VoterGate::consul-server-*"


@pytest.fixture(scope="module")
def living(cluster_of_module: Factory) -> Cluster:
    return three_and_one(cluster_of_module, "commands")


def ids(cluster: Cluster) -> dict[str, str]:
    return {name: engine.inspect("container", name)["Id"] for name in cluster.containers}


def test_no_target_and_no_exclusion_passes_the_gate_of_a_server(living: Cluster) -> None:
    before = ids(living)
    living.change(server_config={"log_level": "DEBUG"})
    alone = living.pulumi("up", "--yes", "--skip-preview", "--target", CONTAINERS)
    assert "replaced" not in alone
    excluded = living.pulumi("up", "--yes", "--skip-preview", "--exclude", GATES)
    assert "replaced" not in excluded
    assert ids(living) == before

    # What was left out is still to do.
    living.up()
    assert {name for name, id_ in ids(living).items() if id_ != before[name]} == set(living.outputs["servers"])
    living.whole()
    assert "replaced" not in living.pulumi("up", "--yes", "--skip-preview", "--target", CONTAINERS)


def test_commands_that_change_nothing_find_nothing(living: Cluster) -> None:
    pulumi_commands.find_nothing(living, lambda: ids(living))


def test_a_resource_renamed_in_the_state_is_the_same_under_its_old_name(living: Cluster) -> None:
    pulumi_commands.rename_in_the_state(living, lambda: ids(living))


def test_another_passphrase_changes_nothing(living: Cluster) -> None:
    pulumi_commands.encrypt_with_another_passphrase(living, lambda: ids(living))


def test_the_program_says_what_is_protected_and_not_the_state(living: Cluster) -> None:
    """As docs/operations.md says: the engine takes false where a program says nothing (pulumi #6242)."""
    before, shown = ids(living), living.pulumi("stack", "--show-urns")
    (urn,) = re.findall(r"urn:\S+Volume::consul-server-0-data\b", shown)

    def is_protected() -> bool:
        resources: Any = json.loads(living.pulumi("stack", "export"))["deployment"]["resources"]
        return any(one["urn"] == urn and one.get("protect", False) for one in resources)

    living.pulumi("state", "protect", urn, "--yes")
    assert is_protected()
    living.up()
    assert not is_protected()

    living.change(protect=True)
    living.up()
    living.pulumi("state", "unprotect", urn, "--yes")
    living.up()
    assert is_protected()
    living.change(protect=False)
    living.up()
    assert ids(living) == before


def test_a_destroy_without_what_is_protected_keeps_the_data(living: Cluster) -> None:
    """And no server is removed from Raft, since all of them end."""
    before = ids(living)
    living.change(protect=True)
    living.up()
    assert ids(living) == before
    assert "cannot be deleted" in living.attempt("destroy", "--yes").stdout
    assert ids(living) == before

    consul.write(living.servers[0], "kept", "1")
    living.pulumi("destroy", "--yes", "--exclude-protected")
    assert living.containers == []
    assert [name for name in engine.labelled("volume", living.name) if "server" in name] == [
        f"{name}-data" for name in living.outputs["servers"]
    ]
    living.up()
    living.whole()
    assert consul.text(living.servers[0], "kept") == "1"

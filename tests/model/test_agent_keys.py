from typing import Any

import pytest
from consul_on_pulumi.model import agent, agent_keys
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology

INSPECTED = (
    "would be readable by everyone who may inspect the container, set it in a file of `agent_secrets`, "
    "which is encrypted"
)


def problems(config: dict[str, Any]) -> list[str]:
    return list(agent_keys.problems(config, "cluster.agent_config"))


def test_settings_of_consul_are_accepted() -> None:
    assert problems({"log_level": "DEBUG", "performance": {"raft_multiplier": 5}, "acl": {"enabled": True}}) == []


def test_a_misspelt_key_is_refused_with_a_suggestion() -> None:
    assert problems({"log_levle": "DEBUG"}) == [
        "cluster.agent_config.log_levle: Consul has no such key, did you mean log_level?"
    ]


def test_a_key_without_a_similar_one_is_refused_without_a_suggestion() -> None:
    assert problems({"zzzzzz": 1}) == ["cluster.agent_config.zzzzzz: Consul has no such key"]


def test_a_key_that_would_be_refused_is_never_suggested() -> None:
    assert problems({"bootstrap_expct": 3}) == ["cluster.agent_config.bootstrap_expct: Consul has no such key"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("advertise_addr", "the address follows from the agent's ordinal"),
        ("bind_addr", "the address follows from the agent's ordinal"),
        ("bootstrap", "the first election follows from `servers`"),
        ("bootstrap_expect", "the first election follows from `servers`"),
        ("client_addr", "the published address follows from `platform`"),
        ("data_dir", "the data is on the agent's own volume"),
        ("datacenter", "set `datacenter` beside it"),
        ("disable_host_node_id", "agents on one host would clash with any other value"),
        ("node_id", "the ID is on the agent's own volume"),
        ("node_name", "the name follows from the agent's ordinal"),
        ("ports", "the published ports follow from `platform`"),
        ("retry_join", "agents join every server by name"),
        ("server", "the role follows from the tier"),
    ],
)
def test_a_key_that_the_program_sets_is_refused_with_the_reason(key: str, reason: str) -> None:
    assert problems({key: "x"}) == [f"cluster.agent_config.{key}: not for agent configuration, {reason}"]


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"encrypt": "hunter2"}, "encrypt"),
        ({"acl": {"tokens": {"agent": "hunter2"}}}, "acl.tokens"),
        ({"auto_config": {"intro_token": "hunter2"}}, "auto_config.intro_token"),
        ({"audit": {}}, "audit"),
        ({"cloud": {}}, "cloud"),
    ],
)
def test_a_secret_is_refused_without_being_printed(config: dict[str, Any], key: str) -> None:
    assert problems(config) == [f"cluster.agent_config.{key}: {INSPECTED}"]


@pytest.mark.parametrize("config", [{"acl": True}, {"acl": {}}, {"auto_config": []}])
def test_a_parent_key_without_the_secret_is_accepted(config: dict[str, Any]) -> None:
    assert problems(config) == []


def test_all_problems_are_reported_in_the_order_of_the_settings() -> None:
    assert problems({"server": True, "log_levle": "x", "encrypt": "hunter2"}) == [
        "cluster.agent_config.server: not for agent configuration, the role follows from the tier",
        "cluster.agent_config.log_levle: Consul has no such key, did you mean log_level?",
        f"cluster.agent_config.encrypt: {INSPECTED}",
    ]


@pytest.mark.parametrize("role", Role)
def test_every_key_that_the_program_sets_is_known(role: Role) -> None:
    topology = Topology(cluster="dev", datacenter="dc1", servers=3)
    traits = PlatformTraits(servers_leave_on_terminate=False, log_json=False)

    assert agent.document(topology, role, traits, {}).keys() <= agent_keys.KNOWN
    assert agent_keys.OWNED.keys() <= agent_keys.KNOWN

from typing import Any

import pytest
from consul_on_pulumi.model import agent
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.releases import agent_keys
from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import Release, parse

INSPECTED = (
    "would be readable by everyone who may inspect the container, set it in a file of `agent_secrets`, "
    "which is encrypted"
)


NEW: Release = (1, 22, 7)


def problems(config: dict[str, Any], release: Release | None = NEW, *, secret: bool = False) -> list[str]:
    return list(agent_keys.problems(config, "cluster.agent_config", release, secret=secret))


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


@pytest.mark.parametrize("config", [{"acl": {}}, {"auto_config": []}])
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

    document = agent.document(topology, role, traits, {})
    ours = {key: value for key, value in document.items() if key not in agent_keys.OWNED}

    for release in (*formats().releases, None):
        assert problems(ours, release) == []
    assert agent_keys.OWNED.keys() <= formats().types["Config"].keys()


@pytest.mark.parametrize(
    ("config", "release", "problem"),
    [
        (
            {"disable_kv_key_validation": True},
            "1.20.6",
            "disable_kv_key_validation: Consul 1.22 or newer, the image is 1.20.6",
        ),
        ({"raft_prevote_disabled": True}, "1.20.6", "raft_prevote_disabled: Consul 1.21 or newer, the image is 1.20.6"),
        (
            {"http_config": {"read_timeout": "1h"}},
            "1.22.3",
            "http_config.read_timeout: Consul 1.22.5 or newer, the image is 1.22.3",
        ),
        (
            {"services": [{"name": "a", "ports": [{"name": "b", "port": 1}]}]},
            "1.21.0",
            "services[0].ports: Consul 1.22 or newer, the image is 1.21.0",
        ),
    ],
)
def test_a_key_of_a_newer_release_is_refused_with_that_release(config: Any, release: str, problem: str) -> None:
    assert problems(config, parse(release)) == [f"cluster.agent_config.{problem}"]
    assert problems(config, NEW) == []
    assert problems(config, None) == []


def test_a_release_that_is_not_in_the_table_has_what_its_neighbours_have() -> None:
    config = {"connect": {"virtual_ip_cidr_v4": "240.0.0.0/4"}}

    assert problems(config, (1, 22, 0)) == [
        "cluster.agent_config.connect.virtual_ip_cidr_v4: Consul 1.22.2 or newer, the image is 1.22.0"
    ]
    assert problems(config, (1, 22, 1)) == []


def test_a_key_that_a_release_newer_than_the_table_may_have_is_accepted() -> None:
    assert problems({"zzzzzz": 1}, (2, 0, 4)) == []
    assert problems({"log_levle": "x"}, (2, 0, 4)) == [
        "cluster.agent_config.log_levle: Consul has no such key, did you mean log_level?"
    ]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            {"performance": {"raft_multiplyer": 2}},
            "performance.raft_multiplyer: Consul has no such key, did you mean raft_multiplier?",
        ),
        ({"tls": {"https": {"zzzzzz": 2}}}, "tls.https.zzzzzz: Consul has no such key"),
        ({"check": {"intervall": "5s"}}, "check.intervall: Consul has no such key, did you mean interval?"),
        (
            {"service": {"connect": {"sidecar_service": {"prot": 1}}}},
            "service.connect.sidecar_service.prot: Consul has no such key, did you mean port?",
        ),
        (
            {"performance": {"Raft_Multiplier": 2}},
            "performance.Raft_Multiplier: Consul has no such key, did you mean raft_multiplier?",
        ),
    ],
)
def test_a_key_inside_a_map_is_checked_too(config: Any, problem: str) -> None:
    assert problems(config) == [f"cluster.agent_config.{problem}"]


@pytest.mark.parametrize(
    "config",
    [
        {"node_meta": {"anything": "x"}},
        {"watches": [{"type": "key", "anything": 1}]},
        {"connect": {"ca_config": {"anything": {"at": "all"}}}},
        {"config_entries": {"bootstrap": [{"Kind": "proxy-defaults"}]}},
        {"checks": [{"ID": "a", "DeregisterCriticalServiceAfter": "1h", "Header": {"X": ["y"]}}]},
        {"telemetry": {"prefix_filter": ["+a"]}, "recursors": ["1.1.1.1"]},
        {"limits": {"rpc_rate": 1.5, "kv_max_value_size": 1024.0}},
        {"tls": [{"https": [{"ca_file": "/a"}]}]},
    ],
)
def test_what_consul_reads_is_accepted(config: Any) -> None:
    assert problems(config) == []


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"log_level": 3}, "log_level: expected text, got 3"),
        ({"log_json": "true"}, "log_json: expected true or false, got 'true'"),
        ({"performance": {"raft_multiplier": "1"}}, "performance.raft_multiplier: expected a number, got '1'"),
        ({"performance": {"raft_multiplier": True}}, "performance.raft_multiplier: expected a number, got True"),
        ({"recursors": "1.1.1.1"}, "recursors: expected a list, got '1.1.1.1'"),
        ({"acl": True}, "acl: expected a map, got True"),
        ({"telemetry": [{}]}, "telemetry: expected a map, got [{}]"),
        ({"node_meta": {"a": 1}}, "node_meta.a: expected text, got 1"),
    ],
)
def test_a_value_of_another_type_is_refused(config: Any, problem: str) -> None:
    assert problems(config) == [f"cluster.agent_config.{problem}"]
    assert problems(config, secret=True) == [f"cluster.agent_config.{problem.partition(', got')[0]}"]


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("ui", "set ui_config.enabled instead"),
        ("start_join", "remove it: agents join every server by name"),
        ("ca_file", "set tls.defaults.ca_file instead"),
        ("verify_incoming", "set tls.defaults.verify_incoming instead"),
        ("acl_default_policy", "set acl.default_policy instead"),
        ("tls_prefer_server_cipher_suites", "remove it: Consul ignores it"),
    ],
)
def test_c2_a_deprecated_key_is_refused_with_its_successor(key: str, advice: str) -> None:
    assert problems({key: "x"}) == [f"cluster.agent_config.{key}: deprecated, {advice}"]


def test_c2_a_deprecated_key_inside_a_map_is_refused_with_its_successor() -> None:
    assert problems({"acl": {"tokens": {"master": "x"}}}, secret=True) == [
        "cluster.agent_config.acl.tokens.master: deprecated, set acl.tokens.initial_management instead"
    ]

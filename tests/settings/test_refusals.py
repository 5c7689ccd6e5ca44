"""What a component refuses by itself, in its own args, before it registers anything."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer, ConsulServerArgs
from consul_on_pulumi.schema.check import refuse
from consul_on_pulumi.settings import refusals

from tests.platform_cases import PlatformCase
from tests.recording import Build, build

HEADER = "the settings are refused, nothing was changed:"
NAME = "expected lower-case letters, digits and inner hyphens, a letter first, at most 40 characters"
EXACT = "expected an exact version or a digest such as hashicorp/consul:1.22.7"


def refused(component: Callable[..., Any], args: Any, *, stack: str = "stack") -> tuple[list[str], list[str]]:
    """The lines of the refusal, and the logical names of what was registered all the same."""
    seen: list[Build] = []
    lines: list[str] = []

    def program() -> None:
        try:
            component("dev", args)
        except pulumi.RunError as error:
            lines.extend(str(error).splitlines())

    seen.append(build(program, stack=stack))
    return lines, [one.name for one in seen[0].seen]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"servers": 2}, "cluster.servers: expected an odd number from 1 to 7, got 2"),
        ({"clients": -1}, "cluster.clients: expected 0 or more, got -1"),
        ({"name": "Dev"}, f"cluster.name: {NAME}, got 'Dev', set `name: dev`"),
        (
            {"datacenter": "DC1"},
            "cluster.datacenter: expected lower-case letters, digits, hyphens and underscores, got 'DC1'",
        ),
        ({"image": "hashicorp/consul"}, f"cluster.image: {EXACT}, got 'hashicorp/consul'"),
        (
            {"agent_config": {"log_levle": "x"}},
            "cluster.agent_config.log_levle: Consul has no such key, did you mean log_level?",
        ),
        (
            {"server_config": {"ports": {}}},
            "cluster.server_config.ports: not for agent configuration, the published ports follow from `platform`",
        ),
        (
            {"client_config": {"encrypt": "hunter2"}, "security": {"enabled": False}},
            "cluster.client_config.encrypt: would be readable by everyone who may inspect the container, "
            "set it in a file of `agent_secrets`, which is encrypted",
        ),
        (
            {"client_config": {"encrypt": "hunter2"}},
            "cluster.client_config.encrypt: `security` sets it, leave it out, or set `security: {enabled: false}`",
        ),
        ({"seeds": {"/a": 1}}, "cluster.seeds: key '/a' starts with a slash, remove it"),
        (
            {"agent_config": {"disable_kv_key_validation": True}, "image": "hashicorp/consul:1.20.6"},
            "cluster.agent_config.disable_kv_key_validation: Consul 1.22 or newer, the image is 1.20.6",
        ),
        (
            {"server_config": {"performance": {"raft_multiplyer": 2}}},
            "cluster.server_config.performance.raft_multiplyer: Consul has no such key, did you mean raft_multiplier?",
        ),
        (
            {"client_config": {"zzzzzz": 1}, "image": "my.registry/consul:prod", "consul_version": "1.21.0"},
            "cluster.client_config.zzzzzz: Consul has no such key",
        ),
        (
            {"image": "hashicorp/consul:1.21.5"},
            "cluster.image: Consul 1.21.5 cannot read keys that hold anything but letters, digits and ,_./-?&= "
            "(https://github.com/hashicorp/consul/issues/22822), take hashicorp/consul:1.22.7",
        ),
        (
            {"consul_version": "1.20.6"},
            "cluster.consul_version: expected 1.22.7 as in the image, got 1.20.6: leave it out",
        ),
        ({"consul_version": "1.22"}, "cluster.consul_version: expected a release such as 1.22.7, got '1.22'"),
        (
            {"seed_sets": {"app": {"entries": {"pct%20key": "x"}}}},
            "cluster.seed_sets.app: key 'pct%20key' holds a space as an escape, which Consul 1.22.7 stores but does "
            "not serve: rename it, or set `disable_kv_key_validation: true` in `agent_config`",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_cluster_refuses_what_no_cluster_can_be_and_registers_nothing(
    platform: PlatformCase, wrong: dict[str, Any], problem: str
) -> None:
    assert refused(ConsulCluster, {"platform": platform.cluster, **wrong}) == ([HEADER, problem], [])


def test_all_problems_are_reported_at_once_and_nothing_is_registered(platform: PlatformCase) -> None:
    args = {
        "platform": {"docker": {"subnet": "lan"}},
        "servers": 4,
        "name": "Dev",
        "image": "consul:latest",
        "seeds": {"a": []},
    }

    assert refused(ConsulCluster, args) == (
        [
            HEADER,
            f"cluster.image: {EXACT}, got 'consul:latest'",
            f"cluster.name: {NAME}, got 'Dev', set `name: dev`",
            "cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got 'lan'",
            "cluster.servers: expected an odd number from 1 to 7, got 4",
            "cluster.seeds: key 'a' is a list, which one value cannot hold: write it as quoted text",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("stack", "line"),
    [
        ("Prod_EU.1", "name: dev-prod-eu-1"),
        ("a-stack-with-a-name-that-is-too-long-for-a-cluster", "name: dev-a-stack-with-a-name-that-is-too-long"),
    ],
)
def test_bug_a_stack_whose_name_makes_no_host_name_is_refused_with_the_line_to_add(
    platform: PlatformCase, stack: str, line: str
) -> None:
    assert refused(ConsulCluster, {"platform": platform.cluster}, stack=stack) == (
        [HEADER, f"cluster.name: {NAME}, got 'dev-{stack}', set `{line}`"],
        [],
    )


@pytest.mark.parametrize(("component", "path"), [(ConsulServer, "server"), (ConsulClient, "client")])
@pytest.mark.parametrize(
    ("platform", "shared"),
    [({"docker": {"subnet": "172.30.0.0/24"}}, "network"), ({"kubernetes": {}}, "namespace")],
    ids=["docker", "kubernetes"],
)
def test_a_tier_alone_needs_an_existing_network_or_namespace(
    component: Callable[..., Any], path: str, platform: dict[str, Any], shared: str
) -> None:
    (name,) = platform
    assert refused(component, {"platform": platform}) == (
        [
            HEADER,
            f"{path}.platform.{name}.{shared}: required for a tier alone, give the name of an existing {shared}",
        ],
        [],
    )


@pytest.mark.parametrize("component", [ConsulServer, ConsulClient])
@pytest.mark.parametrize(
    ("platform", "problem"),
    [
        ({"docker": {"subnet": "172.30.0.0/24", "network": 3}}, "docker.network: expected text, got 3"),
        (
            {"kubernetes": {"namespace": "Shop"}},
            "kubernetes.namespace: expected lower-case letters, digits and inner hyphens, at most 63 characters, "
            "got 'Shop'",
        ),
    ],
    ids=["docker", "kubernetes"],
)
def test_bug_a_refused_network_or_namespace_does_not_count_as_missing(
    component: Callable[..., Any], platform: dict[str, Any], problem: str
) -> None:
    (_, found), _ = refused(component, {"platform": platform})

    assert found.endswith(f".platform.{problem}")


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        ({"a": {"folder": 3, "expand": True}}, "a.folder: expected text, got 3"),
        ({"a": {"entries": "x"}}, "a.entries: expected a map, got 'x'"),
        ({"a": {"prefix": 3, "entries": {"k": 1}}, "b": {"entries": {"k": 1}}}, "a.prefix: expected text, got 3"),
        (
            {"a": {"prefix": "p", "entries": {"k": 1}}, "b": {"entries": {"k": 1}}},
            "a.prefix: expected a slash at the end, got 'p', write 'p/'",
        ),
        ({"a": {"files": {"": "Pulumi.yaml"}, "expand": "yes"}}, "a.expand: expected true or false, got 'yes'"),
    ],
    ids=["only source", "only source with a default", "prefix of no text", "prefix without a slash", "expand"],
)
def test_bug_a_refused_setting_of_a_seed_set_does_not_count_as_missing(
    platform: PlatformCase, sets: dict[str, Any], problem: str
) -> None:
    args = {"platform": platform.cluster, "seed_sets": sets}

    assert refused(ConsulCluster, args) == ([HEADER, f"cluster.seed_sets.{problem}"], [])


@pytest.mark.parametrize(
    ("platform", "problem"),
    [
        ({}, "cluster.platform: expected `docker` or `kubernetes`, got nothing"),
        ({"podman": {}}, "cluster.platform.podman: unknown setting"),
        (
            {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}},
            "cluster.platform: expected `docker` or `kubernetes`, got docker and kubernetes",
        ),
        (
            {"docker": {"subnet": "8.8.8.0/24"}},
            "cluster.platform.docker.subnet: expected a private IPv4 network such as 172.30.0.0/24, got '8.8.8.0/24'",
        ),
        (
            {"kubernetes": {"clients": "Pod"}},
            "cluster.platform.kubernetes.clients: expected Deployment or DaemonSet, got 'Pod'",
        ),
    ],
    ids=["none", "unknown", "two at once", "public network", "no such clients"],
)
def test_a_platform_that_runs_nothing_is_refused(platform: Any, problem: str) -> None:
    assert refused(ConsulCluster, {"platform": platform}) == ([HEADER, problem], [])


def test_a_wrong_size_does_not_hide_what_is_wrong_with_the_platform() -> None:
    args = {"platform": {"docker": {"subnet": "172.30.0.0/30"}}, "servers": 0, "clients": -3}

    assert refused(ConsulCluster, args) == (
        [
            HEADER,
            "cluster.clients: expected 0 or more, got -3",
            "cluster.servers: expected an odd number from 1 to 7, got 0",
            "cluster.platform.docker.subnet: expected /27 or larger for 9 fixed addresses in its lower half, "
            "got '172.30.0.0/30'",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("component", "wrong", "problem"),
    [
        (ConsulServer, {"replicas": 2}, "server.replicas: expected an odd number from 1 to 7, got 2"),
        (ConsulServer, {"cluster": "Dev"}, f"server.cluster: {NAME}, got 'Dev', set `cluster: dev`"),
        (ConsulClient, {"replicas": -1}, "client.replicas: expected 0 or more, got -1"),
        (ConsulClient, {"cluster": "Dev"}, f"client.cluster: {NAME}, got 'Dev', set `cluster: dev`"),
    ],
    ids=["server replicas", "server cluster", "client replicas", "client cluster"],
)
def test_bug_a_tiers_refusal_names_the_key_that_its_caller_wrote(
    platform: PlatformCase, component: Callable[..., Any], wrong: dict[str, Any], problem: str
) -> None:
    assert refused(component, {"platform": platform.tier, **wrong}) == ([HEADER, problem], [])


@pytest.mark.parametrize("value", [True, None, "yes"], ids=repr)
def test_bug_a_ui_setting_that_is_no_map_is_refused_before_anything_is_registered(
    platform: PlatformCase, value: Any
) -> None:
    lines, registered = refused(ConsulCluster, {"platform": platform.cluster, "agent_config": {"ui_config": value}})

    assert registered == []
    assert lines[0] == HEADER
    assert lines[1].startswith("cluster.agent_config.ui_config: ")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"servres": 5}, "cluster.servres: unknown setting, did you mean servers?"),
        ({"servers": None}, "cluster.servers: expected a whole number, got None"),
        ({"seeds": None}, "cluster.seeds: expected a map, got None"),
        (
            {"agent_config": {"log_level": None}},
            "cluster.agent_config.log_level: expected a value, got None, leave the key out",
        ),
        ({"agent_secrets": {"a.hcl": 5}}, "cluster.agent_secrets.a.hcl: expected text"),
    ],
    ids=["typo", "none", "no map", "none deep inside", "secret of a wrong type"],
)
def test_house_row_1_a_program_is_refused_with_the_words_of_a_stack_file(
    platform: PlatformCase, wrong: dict[str, Any], problem: str
) -> None:
    assert refused(ConsulCluster, {"platform": platform.cluster, **wrong}) == ([HEADER, problem], [])


def test_house_row_3_a_missing_platform_is_refused_by_its_path() -> None:
    assert refused(ConsulCluster, {}) == ([HEADER, "cluster.platform: required"], [])
    assert refused(ConsulServer, {}) == ([HEADER, "server.platform: required"], [])
    assert refused(ConsulClient, {}) == ([HEADER, "client.platform: required"], [])


def test_house_row_3_arguments_that_are_no_map_are_refused() -> None:
    assert refused(ConsulCluster, None) == ([HEADER, "cluster: expected a map, got None"], [])


def test_house_row_2_a_typo_of_a_platform_setting_is_refused_or_data_would_be_lost() -> None:
    args = {"platform": {"docker": {"subnet": "172.30.0.0/24", "retaindata": True}}}

    assert refused(ConsulCluster, args) == (
        [HEADER, "cluster.platform.docker.retaindata: unknown setting, did you mean retain_data?"],
        [],
    )


def test_an_output_is_refused_where_the_value_must_be_known_in_a_preview(platform: PlatformCase) -> None:
    args = {"platform": platform.cluster, "servers": pulumi.Output.from_input(3)}

    assert refused(ConsulCluster, args) == (
        [
            HEADER,
            "cluster.servers: expected a whole number that is known in a preview, since the program "
            "itself decides by it, got an Output",
        ],
        [],
    )


def test_without_problems_nothing_is_refused() -> None:
    assert refuse([]) is None


LOCKED = {"http_config": {"allow_write_http_from": ["127.0.0.2/32"]}}


@pytest.mark.parametrize("key", ["agent_config", "server_config"])
def test_b3_what_shuts_the_program_out_is_refused_where_it_is_set(platform: PlatformCase, key: str) -> None:
    found, *_ = refusals.cluster_problems({"platform": platform.cluster, "clients": 1, key: LOCKED})

    assert len(found) == 1
    assert found[0].startswith(f"cluster.{key}.http_config.allow_write_http_from: the program writes from ")


def test_b3_a_tier_alone_is_checked_too(platform: PlatformCase) -> None:
    config = {"addresses": {"http": "127.0.0.1"}}
    with pytest.raises(pulumi.RunError, match=r"server\.agent_config\.addresses\.http: expected 0\.0\.0\.0, got "):
        refusals.tier_args({"platform": platform.tier, "agent_config": config}, ConsulServerArgs, "server", "dev")


def test_bug_the_gateway_of_an_existing_network_is_not_guessed() -> None:
    """Its subnet may be larger than the part that the agents have."""
    docker = {"network": "lan", "subnet": "172.30.8.0/24"}

    for allowed in ("172.30.0.1/32", "172.30.8.1/32"):
        config = {"http_config": {"allow_write_http_from": [allowed]}}
        assert refusals.cluster_problems({"platform": {"docker": docker}, "agent_config": config})[0] == []


@pytest.mark.parametrize("more", [{}, {"network": "lan"}])
@pytest.mark.parametrize("configured", [True, False])
def test_bug_an_engine_on_another_machine_is_written_to_from_the_agent_itself(
    monkeypatch: pytest.MonkeyPatch, configured: bool, more: dict[str, str]
) -> None:
    address = "ssh://build.example"
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"docker:host": address} if configured else {}))
    monkeypatch.setenv("DOCKER_HOST", "" if configured else address)
    args = {"platform": {"docker": {"subnet": "172.30.0.0/24", **more}}}

    for allowed, source in (("127.0.0.1/32", None), ("172.30.0.1/32", "127.0.0.1")):
        found, *_ = refusals.cluster_problems(
            {**args, "agent_config": {"http_config": {"allow_write_http_from": [allowed]}}}
        )
        assert [one.partition(": ")[2] for one in found] == (
            [f"the program writes from {source}, add {source}/32"] if source else []
        )


@pytest.mark.parametrize(
    ("endpoint", "more"),
    [("/v1/acl", {}), ("/v1/agent/reload", {}), ("/v1/snapshot", {"snapshot_before_upgrade": True})],
)
def test_bug_what_a_closed_cluster_or_a_setting_needs_is_not_blocked(
    platform: PlatformCase, endpoint: str, more: dict[str, Any]
) -> None:
    config = {"http_config": {"block_endpoints": [endpoint]}}
    args = {"platform": platform.cluster, "server_config": config}

    assert refusals.cluster_problems({**args, **more})[0] == [
        f"cluster.server_config.http_config.block_endpoints: {endpoint}: the program needs it, leave it out"
    ]
    assert refusals.cluster_problems({**args, "security": {"enabled": False}})[0] == []


def test_b3_acls_that_deny_by_default_need_a_token(platform: PlatformCase, monkeypatch: pytest.MonkeyPatch) -> None:
    acl = {"enabled": True, "default_policy": "deny"}
    args = {"platform": platform.cluster, "agent_config": {"acl": acl}, "security": {"enabled": False}}

    (problem,), *_ = refusals.cluster_problems(args)
    assert problem.startswith("cluster.agent_config.acl.default_policy: denies everything to the program")
    assert refusals.cluster_problems({**args, "agent_secrets": {"acl.json": "{}"}})[0] == []
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "a token")
    assert refusals.cluster_problems(args)[0] == []


def test_c12_agent_configuration_that_no_agent_can_be_started_with_is_refused(platform: PlatformCase) -> None:
    limit = {"docker": 120, "kubernetes": 1000}[platform.name] * 1024
    args = {"platform": platform.cluster, "agent_config": {"node_meta": {"note": "x" * (limit - 100)}}}

    assert refusals.cluster_problems(args)[0] == []
    (problem,), *_ = refusals.cluster_problems({**args, "server_config": {"log_file": "y" * 200}})
    assert problem.startswith("cluster.agent_config: ")
    assert problem.endswith(
        f"bytes, at most {limit} fit into an agent's configuration: write parts of it into files of agent_secrets"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"image": "hashicorp/consul:1.20.6"},
        {"agent_config": {"disable_kv_key_validation": True}},
        {"image": "my.registry/consul:prod"},
    ],
    ids=["an older release", "without validation", "an unknown release"],
)
def test_a_key_is_refused_only_for_servers_that_do_not_serve_it(platform: PlatformCase, more: dict[str, Any]) -> None:
    assert refused(ConsulCluster, {"platform": platform.cluster, "seeds": {"pct%20key": 1}, **more})[0] == []

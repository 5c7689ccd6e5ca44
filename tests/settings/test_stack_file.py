"""From the stack file to args: every mistake is reported with its path before anything is registered."""

import json
import re
import runpy
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from consul_on_pulumi import ConsulClusterArgs, cluster_args
from consul_on_pulumi.settings import refusals
from pulumi.runtime.config import set_all_config

from tests.recording import LEADER, OTHER_IP, Build, build

ROOT = Path(__file__).parents[2]
HEADER = "the settings are refused, nothing was changed:"
SOUND: dict[str, Any] = {"platform": {"docker": {"subnet": "172.30.0.0/24"}}}


@pytest.fixture(autouse=True)
def no_config_left_behind() -> Iterator[None]:
    yield
    set_all_config({}, [])


def configure(cluster: Any, *, secret: bool = False) -> None:
    key = "consul-on-pulumi:cluster"
    set_all_config({} if cluster is None else {key: json.dumps(cluster)}, [key] if secret else [])


def read_cluster() -> ConsulClusterArgs:
    return cluster_args(pulumi.Config("consul-on-pulumi"))


def refusal(cluster: Any, *, secret: bool = False) -> list[str]:
    configure(cluster, secret=secret)
    with pytest.raises(pulumi.RunError) as caught:
        refusals.cluster_args(read_cluster())
    header, *lines = str(caught.value).splitlines()
    assert header == HEADER
    return lines


def run_the_program(*, refused: str = "") -> Build:
    create = pulumi.Config
    config = create("consul-on-pulumi")

    def program() -> dict[str, Any]:
        exported: dict[str, Any] = {}
        expectation = pytest.raises(pulumi.RunError, match=re.escape(refused)) if refused else nullcontext()
        with pytest.MonkeyPatch.context() as patch, expectation:
            patch.setattr(pulumi, "export", exported.__setitem__)
            patch.setattr(pulumi, "Config", lambda name=None: create(name) if name else config)
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return exported

    return build(program)


def test_sound_settings_are_the_args_as_they_are() -> None:
    settings = {**SOUND, "datacenter": "east", "servers": 5, "clients": 0, "seeds": {"a": {"b": 1}}}
    configure(settings)

    assert read_cluster() == settings


def test_five_mistakes_are_reported_in_one_message() -> None:
    assert refusal(
        {
            "datacentre": "east",
            "servers": "three",
            "clients": -1,
            "seeds": {"/a": 1},
            "platform": {"docker": {"subnet": "172.30.0.0/24", "netwrok": "lan"}},
        }
    ) == [
        "cluster.datacentre: unknown setting, did you mean datacenter?",
        "cluster.clients: expected 0 or more, got -1",
        "cluster.platform.docker.netwrok: unknown setting, did you mean network?",
        "cluster.servers: expected a whole number, got 'three'",
        "cluster.seeds: key '/a' starts with a slash, remove it",
    ]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"zzz": 1}, "cluster.zzz: unknown setting"),
        ({"server": 3}, "cluster.server: unknown setting, did you mean servers?"),
        ({"servers": 3.0}, "cluster.servers: expected a whole number, got 3.0"),
        ({"servers": True}, "cluster.servers: expected a whole number, got True"),
        ({"datacenter": 1}, "cluster.datacenter: expected text, got 1"),
        ({"image": None}, "cluster.image: expected text, got None"),
        ({"agent_config": []}, "cluster.agent_config: expected a map, got []"),
        ({"seeds": "a"}, "cluster.seeds: expected a map, got 'a'"),
    ],
    ids=str,
)
def test_a_mistake_is_reported_with_its_path_and_the_fix(wrong: dict[str, Any], problem: str) -> None:
    assert refusal({**SOUND, **wrong}) == [problem]


@pytest.mark.parametrize(
    ("docker", "problem"),
    [
        ({}, "cluster.platform.docker.subnet: required"),
        ({"subnet": 5}, "cluster.platform.docker.subnet: expected text, got 5"),
        ({"subnet": "10.0.0.0/24", "network": 5}, "cluster.platform.docker.network: expected text, got 5"),
        (
            {"subnet": "10.0.0.0/24", "retain_data": "yes"},
            "cluster.platform.docker.retain_data: expected true or false, got 'yes'",
        ),
        (
            {"subnet": "10.0.0.0/24", "http_port": "8500"},
            "cluster.platform.docker.http_port: expected a whole number, got '8500'",
        ),
        (
            {"subnet": "10.0.0.0/24", "htp_port": 8500},
            "cluster.platform.docker.htp_port: unknown setting, did you mean http_port?",
        ),
    ],
    ids=str,
)
def test_a_mistake_deep_inside_is_reported_with_its_whole_path(docker: dict[str, Any], problem: str) -> None:
    assert refusal({"platform": {"docker": docker}}) == [problem]


def test_a_suggestion_is_never_a_setting_that_is_given_already() -> None:
    assert refusal({**SOUND, "datacenter": "east", "datacentre": "east"}) == ["cluster.datacentre: unknown setting"]


def test_a_missing_platform_is_reported() -> None:
    assert refusal({}) == ["cluster.platform: required"]


@pytest.mark.parametrize("platform", ["docker", {"docker": 5}, {"dokcer": {"subnet": "10.0.0.0/24"}}], ids=str)
def test_bug_one_mistake_in_the_platform_is_reported_once(platform: Any) -> None:
    assert len(refusal({"platform": platform})) == 1


def test_settings_that_are_no_map_are_refused() -> None:
    assert refusals.cluster_problems("x")[0] == ["cluster: expected a map, got 'x'"]


def test_bug_settings_that_are_no_map_are_refused_in_one_line() -> None:
    assert refusal(["platform"]) == ["cluster: expected a map, got ['platform']"]


def test_missing_settings_are_refused_with_where_to_put_them() -> None:
    assert refusal(None) == ["cluster: required, set consul-on-pulumi:cluster in the stack file"]


def test_encrypted_settings_are_refused_without_being_printed() -> None:
    assert refusal({**SOUND, "agent_config": {"encrypt": "hunter2"}}, secret=True) == [
        "cluster: holds an encrypted value, which would be readable on the agents, leave it out; "
        "encrypted seeds belong to seed_secrets, encrypted files to agent_secrets"
    ]


@pytest.mark.parametrize("given", [{"db": "hunter2"}, {"db": 5}, {"a": "hunter2", "b": "x"}, {}, "hunter2"], ids=str)
def test_bug_secret_seeds_in_plain_text_are_refused_without_being_printed(given: Any) -> None:
    assert refusal({**SOUND, "seed_sets": {"app": {"entries": {"plain": 1}, "secrets": given}}}) == [
        "cluster.seed_sets.app.secrets: not in `cluster`, set each value with "
        "`pulumi config set --secret --path 'consul-on-pulumi:seed_secrets.SET.KEY'`"
    ]


def test_secret_seeds_in_plain_text_hide_no_other_mistake() -> None:
    sets = {"app": {"secrets": {"/a": "hunter2"}, "retian": True}, "other": 5}

    lines = refusal({**SOUND, "servers": 2, "seed_sets": sets})

    assert lines[0].startswith("cluster.seed_sets.app.secrets: not in `cluster`")
    assert "cluster.servers: expected an odd number from 1 to 7, got 2" in lines
    assert "cluster.seed_sets.app.retian: unknown setting, did you mean retain?" in lines
    assert "cluster.seed_sets.other: expected a map, got 5" in lines
    assert "hunter2" not in " ".join(lines)


def test_the_program_registers_nothing_when_its_settings_are_refused() -> None:
    configure({**SOUND, "servers": 2})

    seen = run_the_program(refused="cluster.servers: expected an odd number from 1 to 7, got 2")

    assert seen.seen == []


def test_the_dev_stack_is_three_servers_and_a_client_with_typed_exports() -> None:
    stack = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    configure(stack["config"]["consul-on-pulumi:cluster"])

    assert run_the_program().outputs == {
        "ui_urls": [f"http://127.0.0.1:{port}/ui/" for port in (8500, 8501, 8502)],
        "http_addresses": [f"http://127.0.0.1:{port}" for port in (8500, 8501, 8502, 8507)],
        "dns_addresses": [f"127.0.0.1:{port}" for port in (8600, 8601, 8602, 8607)],
        "servers": [f"consul-stack-server-{ordinal}" for ordinal in range(3)],
        "datacenter": "dev",
        "leader_address": LEADER,
        "upgrade_snapshot": "/consul-server-version.snap",
        "management_token": "token-of-management",
        "authority": "certificate",
    }


def test_the_k8s_stack_is_the_same_cluster_with_the_same_exports() -> None:
    stack = yaml.safe_load((ROOT / "Pulumi.k8s.yaml").read_text())
    configure(stack["config"]["consul-on-pulumi:cluster"])

    outputs = run_the_program().outputs

    inside = "consul-stack.svc"
    names = [f"consul-stack-server-{ordinal}" for ordinal in range(3)]
    assert outputs == {
        "ui_urls": [f"https://consul-stack-ui.{inside}/ui/"],
        "http_addresses": [
            *(f"https://{name}.consul-stack-server.{inside}:8501" for name in names),
            f"https://consul-stack-client.{inside}:8501",
        ],
        "dns_addresses": [f"{OTHER_IP}:53"] * 2,
        "servers": names,
        "datacenter": "k8s",
        "leader_address": LEADER,
        "upgrade_snapshot": "/consul-server-version.snap",
        "management_token": "token-of-management",
        "authority": "certificate",
    }


@pytest.mark.parametrize(("size", "warned"), [(98_000, False), (99_000, True)])
def test_c12_a_stack_file_that_will_soon_be_too_large_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, size: int, warned: bool
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"a": "x" * (size - 9)}))
    configure(SOUND)

    seen = build(lambda: {"read": bool(read_cluster())})

    expected = f"the stack file has {size} of the at most 131072 bytes with which a program can start: move seeds into"
    assert any(line.startswith(expected) for line in seen.log) is warned


@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("key", ["seed_secrets", "agent_secrets", "security_secrets"])
def test_a_secret_where_a_map_belongs_is_refused_without_being_shown(key: str, secret: bool) -> None:
    """As after `pulumi config set --secret` without `--path`."""
    name = f"consul-on-pulumi:{key}"
    set_all_config({"consul-on-pulumi:cluster": json.dumps(SOUND), name: "hunter2"}, [name] if secret else [])

    with pytest.raises(pulumi.RunError) as caught:
        read_cluster()

    header, problem = str(caught.value).splitlines()
    assert header == HEADER
    assert problem.startswith(f"{key}: expected a map from " if secret else f"{key}: holds plain text, set each value")
    assert f"`pulumi config set --secret --path '{name}" in problem
    assert "hunter2" not in problem
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("secret", [False, True])
def test_text_in_place_of_the_settings_is_refused_without_being_shown(secret: bool) -> None:
    key = "consul-on-pulumi:cluster"
    set_all_config({key: "hunter2"}, [key] if secret else [])

    with pytest.raises(pulumi.RunError) as caught:
        read_cluster()

    problem = (
        "holds an encrypted value" if secret else "expected a map, set each setting with `pulumi config set --path"
    )
    assert str(caught.value).startswith(f"{HEADER}\ncluster: {problem}")
    assert "hunter2" not in str(caught.value)

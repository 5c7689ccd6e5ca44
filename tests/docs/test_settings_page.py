"""The page and the schema of the settings are those of the definitions, and the definitions are what happens."""

import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.membership import fixed_settings
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.choose import PLATFORMS, choose
from consul_on_pulumi.schema.check import checked
from consul_on_pulumi.schema.definition import keys_of
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.json_schema import stack_file_schema
from consul_on_pulumi.settings.tier_args import ConsulClientArgs, ConsulServerArgs
from jsonschema import Draft202012Validator

from tests.recording import Registration, build
from tools.docs import settings_page

ROOT = Path(__file__).parents[2]
SECTIONS = [
    *settings_page.sections(ConsulClusterArgs, "cluster"),
    ("server", ConsulServerArgs),
    ("client", ConsulClientArgs),
]
COMPONENTS: dict[str, Any] = {"cluster": ConsulCluster, "server": ConsulServer, "client": ConsulClient}
SHARED: dict[str, dict[str, Any]] = {
    "docker": {"subnet": "172.30.0.0/24", "network": "shared"},
    "kubernetes": {"namespace": "shop"},
}
NEEDS: dict[str, dict[str, Any]] = {
    "cluster.platform.kubernetes.ui.ingress": {"host": "consul.example.com"},
    "cluster.seed_sets.NAME": {"folder": "."},
}
"""What a map of settings must hold beside the setting under test."""


def concerns(path: str, platform: str) -> bool:
    """Whether settings are not those of another platform."""
    return not any(f".{other}." in f"{path}." for other in SHARED.keys() - {platform})


def defaults() -> Iterator[Any]:
    """Path, platform and value of each fixed default."""
    for (path, shape), platform in product(SECTIONS, SHARED):
        for name, key in keys_of(shape).items():
            if concerns(path, platform) and key.setting.default is not None:
                yield pytest.param(path, platform, name, key.setting.default, id=f"{path}.{name}-on-{platform}")


def registered(path: str, platform: str, **more: Any) -> list[Registration]:
    """What the engine receives when the map at `path` also holds `more`."""
    root, *above = path.split(".")
    args: dict[str, Any] = {"platform": {platform: dict(SHARED[platform])}}
    if above:
        # Settings of clients show in clients alone.
        args["clients"] = 1
    at = args
    for key in above:
        at = at.setdefault(key, {})
    at.update({**NEEDS.get(path, {}), **more})

    def program() -> None:
        COMPONENTS[root]("dev", args)

    return sorted(build(program).seen, key=lambda one: one.urn)


@cache
def with_nothing_set(path: str, platform: str) -> list[Registration]:
    """The same when the map at `path` is as empty as it may be."""
    return registered(path, platform)


def test_the_committed_page_and_schema_are_those_of_the_definitions() -> None:
    assert settings_page.PATH.read_text(encoding="utf-8") == settings_page.page(), "run `make docs` and commit the page"
    assert json.loads(settings_page.SCHEMA.read_text(encoding="utf-8")) == stack_file_schema(), "run `make docs`"


def test_every_setting_has_a_text() -> None:
    assert [
        (path, name) for path, shape in SECTIONS for name, key in keys_of(shape).items() if not key.setting.text
    ] == []


def test_every_platform_is_on_the_page() -> None:
    paths = {path for path, _ in SECTIONS}

    assert {f"cluster.platform.{name}" for name in PLATFORMS} | {"cluster.seed_sets.NAME"} <= paths


def test_every_default_passes_the_rule_of_its_setting() -> None:
    for path, shape in SECTIONS:
        for name, key in keys_of(shape).items():
            if key.setting.rule and key.setting.default is not None:
                assert key.setting.rule.accepts(key.setting.default), f"{path}.{name}"


@pytest.mark.parametrize(("path", "platform", "name", "value"), list(defaults()))
def test_a_default_is_what_happens_where_nothing_is_set(
    path: str, platform: str, name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "banner.txt").write_text("welcome")
    monkeypatch.chdir(tmp_path)

    assert registered(path, platform, **{name: value}) == with_nothing_set(path, platform)


@pytest.mark.parametrize("platform", SHARED)
def test_a_setting_is_documented_as_refused_exactly_where_a_change_is_refused(platform: str) -> None:
    documented = {
        f"{path}.{name}"
        for path, shape in settings_page.sections(ConsulClusterArgs, "cluster")
        for name, key in keys_of(shape).items()
        if concerns(path, platform) and key.setting.change == "Refused."
    }
    topology = Topology(cluster="dev", datacenter="dc1", servers=3)
    shape = dict(settings_page.sections(ConsulClusterArgs, "cluster"))[f"cluster.platform.{platform}"]
    chosen = choose({platform: checked(SHARED[platform], shape, platform)[1]})

    assert documented == fixed_settings(topology, chosen, "cluster").keys()


@pytest.mark.parametrize("stack", ["dev", "k8s"])
def test_the_schema_accepts_the_stack_files_of_this_repository(stack: str) -> None:
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())

    Draft202012Validator.check_schema(stack_file_schema())
    assert [error.message for error in Draft202012Validator(stack_file_schema()).iter_errors(document)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"servres": 3},
        {"servers": 4},
        {"servers": "3"},
        {"image": "consul:latest"},
        {"agent_config": {"datacentre": "x"}},
        {"platform": {"docker": {"subnet": "172.30.0.0/24", "keepdata": True}}},
        {"platform": {"kubernetes": {"spread": "sometimes"}}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_a_preview_refuses(wrong: dict[str, Any]) -> None:
    args = {"platform": {"kubernetes": {}}, **wrong}

    document = {"config": {"anything:cluster": args}}

    assert list(Draft202012Validator(stack_file_schema()).iter_errors(document))

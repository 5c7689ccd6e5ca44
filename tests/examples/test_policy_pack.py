"""The policy pack of the examples refuses what it says, and lets a good cluster pass."""

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from consul_on_pulumi import ConsulCluster

from tests.examples import project
from tests.recording import build
from tools import places

PACK = places.ROOT / "examples" / "policy-pack"
DOCKER: dict[str, Any] = {"subnet": "172.30.0.0/24"}
GOOD = {"memory_mib": 256, "retain_data": True}
ACL = {"acl": {"enabled": True, "default_policy": "deny"}}
Check = Callable[..., dict[str, list[str]]]


@pytest.fixture(name="violations")
def _violations(monkeypatch: pytest.MonkeyPatch) -> Check:
    """`violations(platform, **settings)`: what each rule says of a cluster whose name and settings these are."""
    sdk: Any = ModuleType("pulumi_policy")
    packs: list[list[Any]] = []
    sdk.PolicyPack = lambda _name, policies, **_more: packs.append(policies)
    sdk.ResourceValidationPolicy = lambda name, _text, validate: SimpleNamespace(name=name, validate=validate)
    sdk.EnforcementLevel = SimpleNamespace(MANDATORY="mandatory")
    sdk.ReportViolation = sdk.ResourceValidationArgs = Any
    monkeypatch.setitem(sys.modules, "pulumi_policy", sdk)
    runpy.run_path(str(PACK / "__main__.py"))
    (rules,) = packs

    def violations(platform: Mapping[str, Any], **settings: Any) -> dict[str, list[str]]:
        args: Any = {"platform": platform, "security": {"enabled": False}, "protect": True, **settings}
        found: dict[str, list[str]] = {}
        for one in build(lambda: {"c": ConsulCluster("c", args).servers}).seen:
            for rule in rules:
                seen = SimpleNamespace(resource_type=one.type, props=one.inputs)
                rule.validate(seen, found.setdefault(rule.name, []).append)
        return {name: texts for name, texts in found.items() if texts}

    return violations


def test_a_good_production_cluster_passes(violations: Check) -> None:
    assert violations({"docker": DOCKER | GOOD}, name="prod", seeds={"app": {"name": "web"}}) == {}
    limits = {"resources": {"limits": {"memory": "256Mi"}}, "retain_data": True, "namespace": "lan"}
    assert violations({"kubernetes": limits}, name="prod") == {}


@pytest.mark.parametrize(
    ("rule", "platform", "settings"),
    [
        ("fault-tolerance", GOOD, {"servers": 1}),
        ("supported-release", GOOD, {"image": "hashicorp/consul:1.20.6"}),
        ("kept-data", {"memory_mib": 256}, {}),
        ("protected-data", GOOD, {"protect": False}),
        ("memory-limit", {"retain_data": True}, {}),
        ("plain-secrets", GOOD, {"seeds": {"db": {"password": "hunter2"}}}),
    ],
)
def test_each_rule_refuses_what_breaks_it_alone(
    violations: Check, rule: str, platform: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert list(violations({"docker": DOCKER | platform}, name="prod", **settings)) == [rule]


def test_a_closed_cluster_on_docker_has_a_memory_limit_and_one_on_kubernetes_the_one_of_its_settings(
    violations: Check,
) -> None:
    closed: dict[str, Any] = {"security": {"enabled": True}}
    assert violations({"docker": DOCKER}, name="dev", **closed) == {}
    assert list(violations({"kubernetes": {"resources": {}}}, name="dev", **closed)) == ["memory-limit"]


def test_a_ui_with_an_address_outside_needs_acls(violations: Check) -> None:
    limits = {"resources": {"limits": {"memory": "256Mi"}}, "ui": {"type": "NodePort", "host": "node"}}
    assert list(violations({"kubernetes": limits}, name="dev")) == ["closed-store"]
    secret = {"agent_secrets": {"tokens.json": "{}"}, "server_config": ACL}
    assert violations({"kubernetes": limits}, name="dev", **secret) == {}


@pytest.fixture(scope="module")
def pack(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the pack in the environment of the package, and the variables that add the SDK of policies."""
    folder = tmp_path_factory.mktemp("pack")
    sdk = str(folder / "sdk")
    requirement = (PACK / "requirements.txt").read_text().strip()
    # Without its dependencies: it asks for another protobuf than the package, and works with this one.
    project._run(
        project._uv(folder), "pip", "install", "--python", sys.executable, "--no-deps", "--target", sdk, requirement
    )
    copy = Path(shutil.copytree(PACK, folder / "pack", ignore=shutil.ignore_patterns("venv", "__pycache__")))
    # Where PulumiPolicy.yaml says that it is.
    (copy / "venv").symlink_to(installed)
    return copy, {"PYTHONPATH": sdk}


def previewed(source: Path, folder: Path, pack: tuple[Path, dict[str, str]], installed: Path) -> tuple[int, str]:
    """The exit code and the output of a preview with the pack."""
    folder.mkdir()
    with project.stack_of(source, folder, installed) as stack:
        done = subprocess.run(
            ["pulumi", "preview", "--non-interactive", "--policy-pack", str(pack[0]), "--stack", stack.name],
            cwd=stack.workspace.work_dir,
            env={**os.environ, **stack.workspace.env_vars, **pack[1]},
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.e2e
def test_an_engine_shows_every_violation_in_a_preview_and_passes_a_good_cluster(
    pack: tuple[Path, dict[str, str]], installed: Path, tmp_path: Path
) -> None:
    program = (places.ROOT / "examples" / "docker" / "__main__.py").read_text()
    assert '"servers": 3' in program
    production = '"servers": 3, "name": "prod"'
    bad = '"servers": 1, "name": "prod", "image": "hashicorp/consul:1.20.6", "seed_sets": {"db": {"entries": SECRET}}'
    # A closed cluster on Docker has a memory limit of its own.
    bad = bad.replace("SECRET", '{"password": "hunter2"}') + ', "security": {"enabled": False}'
    code, shown = previewed(
        project.new_project(tmp_path, "bad", program.replace('"servers": 3', bad)), tmp_path / "1", pack, installed
    )
    assert code != 0
    rules = ("fault-tolerance", "supported-release", "kept-data", "protected-data", "memory-limit", "plain-secrets")
    assert [rule for rule in rules if rule not in shown] == [], shown

    good = f'{production}, "protect": True'
    program = program.replace('"servers": 3', good).replace(
        '"docker": {', '"docker": {"memory_mib": 256, "retain_data": True, '
    )
    code, shown = previewed(project.new_project(tmp_path, "good", program), tmp_path / "2", pack, installed)
    assert code == 0, shown

"""What the pages show is what happens when it is done."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from consul_on_pulumi.review.losses import Kind
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.refusals import cluster_problems
from consul_on_pulumi.settings.stack_file import check

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
CLUSTER = "consul-on-pulumi:cluster"


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def problems(args: Any) -> list[str]:
    """Everything that a preview would refuse."""
    found, sound = check(args, ConsulClusterArgs, "cluster")
    return [*found, *cluster_problems(sound, "cluster")]


def test_the_stack_file_of_the_first_page_is_accepted() -> None:
    (shown,) = blocks(README, "yaml")

    assert problems(yaml.safe_load(shown)["config"][CLUSTER]) == []


def test_the_program_of_the_first_page_is_accepted() -> None:
    (shown,) = blocks(README, "python")
    (call,) = [node for node in ast.walk(ast.parse(shown)) if isinstance(node, ast.Call)]

    assert problems(ast.literal_eval(call.args[1])) == []


def test_the_refusals_of_the_first_page_are_in_the_programs_words() -> None:
    shown = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("cluster.")]
    docker = {"subnet": "172.30.0.0/24"}
    args = {"datacentre": "dev", "servers": 4, "agent_config": {"retry_join": []}, "platform": {"docker": docker}}

    assert problems(args) == shown


def test_the_seeds_on_their_page_have_settings_that_there_are() -> None:
    for shown in blocks(ROOT / "docs" / "seeds.md", "yaml"):
        found, _ = check({"platform": {}, **yaml.safe_load(shown)}, ConsulClusterArgs, "cluster")

        assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|\(|^)make (?:-s )?([a-z0-9-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(named) <= targets


def test_every_loss_that_can_be_allowed_is_on_the_page() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = operations.partition("| `--allow` |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == [kind.value for kind in Kind]

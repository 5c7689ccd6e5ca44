"""What the pages show works."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.review.losses import Kind
from consul_on_pulumi.schema.check import checked
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from consul_on_pulumi.settings.refusals import cluster_problems
from consul_on_pulumi.version import __version__

from tests.docs.pages import OPERATIONS, PACKAGE, PAGES, README, ROOT, blocks, name
from tests.recording import build

CLUSTER = "consul-on-pulumi:cluster"
PROGRAMS = [(page, number) for page in (README, PACKAGE) for number, _ in enumerate(blocks(page, "python"))]
PATH = re.compile(r"`((?:components|docs|examples|tests|tools|\.github)/[^`\s]*)`|pytest ([^\s`]+)")
"""A path in backticks, or an argument of pytest."""


def test_the_stack_file_of_the_first_page_is_accepted() -> None:
    (shown,) = blocks(README, "yaml")

    assert cluster_problems(yaml.safe_load(shown)["config"][CLUSTER])[0] == []


@pytest.mark.parametrize(("page", "number"), PROGRAMS, ids=[f"{name(page)}-{number}" for page, number in PROGRAMS])
def test_every_program_of_the_first_pages_runs(page: Path, number: int) -> None:
    shown = blocks(page, "python")[number]

    built = build(lambda: exec(compile(shown, page, "exec"), {"__name__": "__main__"}))

    assert len(built.of("ConsulCluster")) == 1
    assert built.log == []


def test_the_refusals_of_the_first_page_are_real() -> None:
    shown = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("cluster.")]
    docker = {"subnet": "172.30.0.0/24"}
    args = {"datacentre": "dev", "servers": 4, "agent_config": {"retry_join": []}, "platform": {"docker": docker}}

    assert sorted(cluster_problems(args)[0]) == sorted(shown)


def test_the_seeds_page_uses_settings_that_exist() -> None:
    for shown in blocks(ROOT / "docs" / "seeds.md", "yaml"):
        found, _ = checked({"platform": {}, **yaml.safe_load(shown)}, ConsulClusterArgs, "cluster")

        assert found == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_command_of_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|\(|^)make (?:-s )?([a-z0-9-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_of_the_package_on_a_page_is_accepted(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = page.read_text(encoding="utf-8")
    for words in re.findall(r"consul-on-pulumi ([a-z][a-z-]*(?: --[a-z-]+ [a-z]+)*)", text):
        with pytest.raises(SystemExit) as ended:
            main([*words.split(), "--help"])
        assert ended.value.code == 0, words
    capsys.readouterr()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [path for match in PATH.findall(text) for path in match if path and not set("<{*…") & set(path)]

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_setting_in_the_contributing_guide_is_one_of_the_code() -> None:
    (shown,) = blocks(ROOT / "CONTRIBUTING.md", "python")
    code = (ROOT / "components" / "consul_on_pulumi" / "platforms" / "docker" / "settings.py").read_text()
    (setting,) = definitions(shown).items()

    assert setting in definitions(code).items()


def definitions(code: str) -> dict[str, str]:
    """The annotations of names, however they are formatted."""
    return {
        ast.unparse(node.target): ast.unparse(node.annotation)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.AnnAssign)
    }


def test_the_page_lists_every_loss_that_can_be_allowed() -> None:
    table = OPERATIONS.read_text(encoding="utf-8").partition("| `--allow` |")[2].partition("\n\n")[0]

    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == sorted(kind.value for kind in Kind)


def test_the_changelog_has_an_entry_for_the_version() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(), re.M)

    assert released[0] == __version__

"""What makes comments of previews: it reads events, and touches neither the engine's libraries nor a cluster."""

import ast
from pathlib import Path

import pytest

from tests.architecture.test_imports import MODULES as COMPONENTS
from tests.architecture.test_imports import VAGUE, imported
from tests.architecture.test_public_surface import undocumented

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "review").rglob("*.py"))
RUNNING = (
    "components/consul_on_pulumi/consul_on_pulumi/cli/review.py",
    "components/consul_on_pulumi/consul_on_pulumi/review/engine.py",
    "components/consul_on_pulumi/consul_on_pulumi/review/publish.py",
)
TOUCHING = {"os", "pathlib", "random", "socket", "subprocess", "tempfile", "time", "urllib"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_of_the_program_a_comment_needs_only_the_description(module: Path) -> None:
    foreign = [name for name in imported(module) if name.startswith(("pulumi", "toolchain", "operations", "tests"))]
    assert foreign == []
    assert [
        n for n in imported(module) if n.startswith("components.") and not n.startswith("consul_on_pulumi.model")
    ] == []


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_same_events_give_the_same_comment(module: Path) -> None:
    touched = {name.split(".")[0] for name in imported(module)} & TOUCHING
    assert touched == set() or str(module) in RUNNING


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_is_small_and_says_what_it_is(module: Path) -> None:
    assert set(module.with_suffix("").parts) & VAGUE == set()
    assert len((ROOT / module).read_text().splitlines()) <= 150
    assert list(undocumented(ast.parse((ROOT / module).read_text()))) == []


def test_no_component_knows_of_comments() -> None:
    for module in COMPONENTS:
        assert "review" not in {name.split(".")[0] for name in imported(module)}, module

"""The Kubernetes plugin stands alone: it could be a repository of its own."""

import ast
from pathlib import Path

import pytest

from tests.architecture.test_imports import MODULES as COMPONENTS
from tests.architecture.test_imports import VAGUE, imported
from tests.architecture.test_public_surface import undocumented

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "kubernetes_plugin").rglob("*.py"))
OURS = {"components", "operations", "tests", "toolchain", "__main__"}


def test_the_components_do_not_know_which_plugin_serves_them() -> None:
    for module in COMPONENTS:
        assert "kubernetes_plugin" not in {name.split(".")[0] for name in imported(module)}, module


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_plugin_knows_nothing_of_this_project(module: Path) -> None:
    assert {name.split(".")[0] for name in imported(module)} & OURS == set()
    assert "consul" not in (ROOT / module).read_text().lower()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_client_is_loaded_late_and_in_one_place(module: Path) -> None:
    """It takes as long as everything else that has to be loaded before the plugin can answer."""
    assert [name for name in imported(module) if name.split(".")[0] in ("kubernetes", "urllib3", "requests")] == []
    assert (module.name == "connection.py") is ('"kubernetes.client"' in (ROOT / module).read_text())


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_of_the_plugin_is_small_and_says_what_it_is(module: Path) -> None:
    assert set(module.with_suffix("").parts) & VAGUE == set()
    assert len((ROOT / module).read_text().splitlines()) <= 150
    assert list(undocumented(ast.parse((ROOT / module).read_text()))) == []

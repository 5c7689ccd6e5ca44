"""The toolchain runs before anything is installed, so it leans on nothing."""

import sys
from pathlib import Path

import pytest

from tests.architecture.test_imports import ROOT, VAGUE, imported

MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "toolchain").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_of_the_toolchain_needs_only_the_standard_library(module: Path) -> None:
    for name in imported(module):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names or top == "toolchain", f"{module}: {name}"


def test_the_supervisor_needs_nothing_else_at_all() -> None:
    names = {name.split(".")[0] for name in imported(Path("tools/kubernetes/supervisor.py"))}

    assert names <= sys.stdlib_module_names


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_of_the_toolchain_is_short_and_its_name_says_what_it_holds(module: Path) -> None:
    assert set(module.with_suffix("").parts) & VAGUE == set()
    assert len((ROOT / module).read_text().splitlines()) <= 150

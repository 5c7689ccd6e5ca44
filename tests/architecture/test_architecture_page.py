"""docs/architecture.md draws the layers as they are, and names files that exist."""

import re
import tomllib
from collections.abc import Iterable

import grimp
import pytest

from tests.architecture.source import PACKAGE, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
Arrow = tuple[str, str]


def layers() -> list[str]:
    """The layers of the first import-linter contract, from top to bottom."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [name.strip() for row in contracts[0]["layers"] for name in row.split("|")]


def drawing() -> str:
    found = re.search(r"```mermaid\nflowchart TB\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def reached(arrows: Iterable[Arrow], start: str) -> set[str]:
    """Everything that the arrows lead to."""
    arrows, waiting = list(arrows), [start]
    found: set[str] = set()
    while waiting:
        here = waiting.pop()
        new = {end for begin, end in arrows if begin == here} - found
        found |= new
        waiting += new
    return found


@pytest.fixture(scope="module")
def imports() -> set[Arrow]:
    """Which layer imports which. The reviews of the platforms aside: pyproject.toml has a contract for them."""
    graph = grimp.build_graph("consul_on_pulumi")
    for platform in ("docker", "kubernetes"):
        graph.remove_module(f"consul_on_pulumi.platforms.{platform}.review")
    return {
        (importer, imported)
        for importer in layers()
        for imported in layers()
        if importer != imported
        and graph.direct_import_exists(
            importer=f"consul_on_pulumi.{importer}", imported=f"consul_on_pulumi.{imported}", as_packages=True
        )
    }


def test_the_drawing_has_the_layers_of_the_contract_from_top_to_bottom() -> None:
    assert re.findall(r'^ +(\w+)\["', drawing(), re.MULTILINE) == layers()


def test_the_arrows_of_the_drawing_are_the_imports(imports: set[Arrow]) -> None:
    arrows = re.findall(r"^ +(\w+) --> (\w+)$", drawing(), re.MULTILINE)

    assert set(arrows) <= imports
    assert {(start, end) for start, end in imports if end not in reached(arrows, start)} == set()


def test_every_file_that_the_page_names_exists() -> None:
    named = {name for name in re.findall(r"`([\w./-]+)`", PAGE) if "/" in name or name.endswith(".py")}

    assert len(named) > 30
    assert {name for name in named if not any((folder / name).exists() for folder in (ROOT, PACKAGE))} == set()

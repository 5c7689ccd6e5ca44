"""The fixtures that tests share."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]


def defined(module: Path) -> set[str]:
    """The names of all functions and imports of a module."""
    tree = ast.parse(module.read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return imported | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_only_one_fixture_locks_the_kubernetes_cluster() -> None:
    # A second one in the same run would wait for the lock of the first for ever.
    holders = [module for module in TESTS.rglob("*.py") if "kubernetes" in defined(module)]

    assert [module for module in holders if module.name == "conftest.py"] == [TESTS / "conftest.py"]

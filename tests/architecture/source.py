"""The source files of this repository, as the tests of the architecture read them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "components" / "consul_on_pulumi"
TOOLS = ROOT / "tools"


def modules(folder: Path) -> list[Path]:
    """Every module in a folder and below."""
    found = sorted(folder.rglob("*.py"))
    assert found, f"there is no module in {folder}"
    return found


@cache
def syntax(module: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(module.read_text())


def imports(module: Path) -> Iterator[str]:
    """The top level packages that a module imports anywhere, also in its functions."""
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


def classes(folder: Path) -> Iterator[tuple[str, ast.ClassDef]]:
    """Every class of a folder, with the place to name in a failure."""
    for module in modules(folder):
        for node in ast.walk(syntax(module)):
            if isinstance(node, ast.ClassDef):
                yield f"{module.relative_to(ROOT)}: {node.name}", node


def bases(node: ast.ClassDef) -> set[str]:
    """The names of the classes that a class inherits from; generic ones without their parameters."""
    return {ast.unparse(base).partition("[")[0] for base in node.bases}

"""What others may rely on is listed, and says what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import consul_on_pulumi
import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted((ROOT / "components").rglob("*.py"))


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public modules, classes, functions and methods without a docstring."""
    if not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield node.name
            if isinstance(node, ast.ClassDef):
                methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
                yield from (
                    f"{node.name}.{method.name}"
                    for method in methods
                    if not method.name.startswith("_") and not ast.get_docstring(method)
                )


def annotated(body: list[ast.stmt]) -> Iterator[tuple[str, bool]]:
    """Each annotated name, and whether a docstring follows it."""
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield (
                node.target.id,
                isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
                and isinstance(following.value.value, str),
            )


def test_the_package_exports_its_components_and_their_args_in_order() -> None:
    assert consul_on_pulumi.__all__ == [
        "ConsulClient",
        "ConsulClientArgs",
        "ConsulCluster",
        "ConsulClusterArgs",
        "ConsulServer",
        "ConsulServerArgs",
    ]
    assert consul_on_pulumi.__all__ == sorted(consul_on_pulumi.__all__)
    assert all(hasattr(consul_on_pulumi, name) for name in consul_on_pulumi.__all__)


def test_a_component_promises_exactly_these_outputs() -> None:
    assert {name: list(getattr(consul_on_pulumi, name).__annotations__) for name in consul_on_pulumi.__all__[::2]} == {
        "ConsulClient": ["http_addresses", "ui_urls", "dns_addresses"],
        "ConsulCluster": ["ui_urls", "http_addresses", "leader_address", "servers", "datacenter", "dns_addresses"],
        "ConsulServer": ["http_addresses", "ui_urls", "dns_addresses"],
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_says_what_it_is(module: Path) -> None:
    assert list(undocumented(ast.parse(module.read_text()))) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_and_every_output_says_what_it_is(module: Path) -> None:
    silent = [
        f"{node.name}.{name}"
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef)
        # TierArgs is the cluster's own, for keys that both tiers document.
        and node.name != "TierArgs"
        and ("TypedDict" in map(ast.unparse, node.bases) or "pulumi.ComponentResource" in map(ast.unparse, node.bases))
        for name, documented in annotated(node.body)
        if not documented
    ]

    assert silent == []

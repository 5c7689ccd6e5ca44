"""What programs may rely on: the names of the package, the outputs of its components, and described settings."""

import ast
from collections.abc import Iterator
from typing import Any

import consul_on_pulumi
from consul_on_pulumi import (
    ConsulClient,
    ConsulClientArgs,
    ConsulCluster,
    ConsulClusterArgs,
    ConsulServer,
    ConsulServerArgs,
)
from consul_on_pulumi.schema.definition import Key, Kind, keys_of

from tests.architecture.source import PACKAGE, bases, classes


def undescribed(node: ast.ClassDef) -> Iterator[str]:
    """Annotated names without a docstring, settings aside."""
    for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
        described = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if isinstance(statement, ast.AnnAssign) and not described and "Annotated[" not in ast.unparse(statement):
            yield ast.unparse(statement.target)


def settings(shape: Any, path: str = "args") -> Iterator[tuple[str, Key]]:
    """Every setting of some arguments with its path, those in maps and lists too."""
    for name, key in keys_of(shape).items():
        yield f"{path}.{name}", key
        inner: Kind | None = key.kind
        while inner and inner.shape is None:
            inner = inner.inner
        if inner:
            yield from settings(inner.shape, f"{path}.{name}")


def test_the_package_exports_its_components_and_their_args() -> None:
    assert consul_on_pulumi.__all__ == [
        "ConsulClient",
        "ConsulClientArgs",
        "ConsulCluster",
        "ConsulClusterArgs",
        "ConsulServer",
        "ConsulServerArgs",
        "__version__",
        "cluster_args",
    ]
    assert all(hasattr(consul_on_pulumi, name) for name in consul_on_pulumi.__all__)


def test_a_component_promises_exactly_these_outputs() -> None:
    assert {shape.__name__: list(shape.__annotations__) for shape in (ConsulClient, ConsulCluster, ConsulServer)} == {
        "ConsulClient": ["http_addresses", "ui_urls", "dns_addresses"],
        "ConsulCluster": [
            "ui_urls",
            "http_addresses",
            "leader_address",
            "servers",
            "datacenter",
            "dns_addresses",
            "management_token",
            "authority",
            "upgrade_snapshot",
        ],
        "ConsulServer": ["http_addresses", "ui_urls", "dns_addresses", "upgrade_snapshot"],
    }


def test_every_setting_says_what_it_is() -> None:
    found = [one for shape in (ConsulClusterArgs, ConsulServerArgs, ConsulClientArgs) for one in settings(shape)]

    assert len(found) > 50
    assert [path for path, key in found if not key.setting.text] == []


def test_every_output_and_every_key_of_an_inner_map_says_what_it_is() -> None:
    shapes = [
        (place, node) for place, node in classes(PACKAGE) if bases(node) & {"TypedDict", "pulumi.ComponentResource"}
    ]
    # A private one is at most the arguments of the one function beside it.
    silent = {place: list(undescribed(node)) for place, node in shapes if not node.name.startswith("_")}

    assert {place: keys for place, keys in silent.items() if keys} == {}

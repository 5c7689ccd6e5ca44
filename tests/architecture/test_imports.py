"""Who may import whom. The rules are checked on the source, so a lazy import counts as well."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "components").rglob("*.py"))
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "misc", "tools", "types", "util", "utils"}


def imported(module: Path) -> Iterator[str]:
    """Dotted names of all that a module imports, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def importers(package: str) -> set[str]:
    """The folders of all modules that import a package."""
    return {
        str(module.parent)
        for module in MODULES
        if any(name == package or name.startswith(f"{package}.") for name in imported(module))
    }


def below(folder: str) -> list[Path]:
    found = [module for module in MODULES if module.is_relative_to(folder)]
    assert found, f"there is nothing below {folder}"
    return found


def test_a_description_needs_only_the_standard_library() -> None:
    for module in below("components/consul_on_pulumi/desired"):
        for name in imported(module):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or name.startswith("consul_on_pulumi.model."), f"{module}: {name}"


def test_a_description_touches_neither_clock_nor_chance_nor_network() -> None:
    touching = {"asyncio", "datetime", "http", "os", "random", "secrets", "socket", "subprocess", "time", "urllib"}

    for module in below("components/consul_on_pulumi/desired"):
        assert {name.split(".")[0] for name in imported(module)} & touching == set(), module


@pytest.mark.parametrize("module", ["api.py", "servers.py"])
def test_the_conversation_with_consul_knows_no_pulumi(module: str) -> None:
    assert [
        name for name in imported(Path("components/consul_on_pulumi/live") / module) if name.startswith("pulumi")
    ] == []


def test_the_files_of_seed_sets_are_read_without_a_cluster() -> None:
    for module in below("components/consul_on_pulumi/sources"):
        reached = {
            name
            for name in imported(module)
            if name.startswith(("consul_on_pulumi.providers", "consul_on_pulumi.platforms"))
        }
        assert reached == set(), module
    assert importers("yaml") == importers("javaproperties") == {"components/consul_on_pulumi/sources"}


def test_the_docker_sdk_is_imported_by_the_docker_backend_alone() -> None:
    assert importers("pulumi_docker") == {"components/consul_on_pulumi/consul_on_pulumi/platforms/docker"}


def test_the_kubernetes_sdk_is_imported_by_the_kubernetes_backend_alone() -> None:
    assert importers("pulumi_kubernetes") <= {"components/consul_on_pulumi/consul_on_pulumi/platforms/kubernetes"}


def test_no_backend_knows_another() -> None:
    assert importers("consul_on_pulumi.platforms.docker") <= {
        "components/consul_on_pulumi/platform",
        "components/consul_on_pulumi/consul_on_pulumi/platforms/docker",
    }
    assert importers("consul_on_pulumi.platforms.kubernetes") <= {
        "components/consul_on_pulumi/platform",
        "components/consul_on_pulumi/consul_on_pulumi/platforms/kubernetes",
    }


def test_only_the_choice_of_a_backend_knows_that_there_are_several() -> None:
    knowing = {
        module.name
        for module in MODULES
        if module.parent == Path("components/consul_on_pulumi/platform")
        and any(name.startswith("consul_on_pulumi.platforms.docker") for name in imported(module))
    }

    assert knowing == {"choose.py"}


def test_nothing_imports_the_program_its_tests_or_its_tools() -> None:
    for module in MODULES:
        assert {name.split(".")[0] for name in imported(module)} & {
            "__main__",
            "documentation",
            "tests",
            "toolchain",
        } == set(), module


def test_component_modules_keep_their_annotations_readable_for_the_schema() -> None:
    for module in MODULES:
        assert "__future__.annotations" not in set(imported(module)), module


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_has_one_idea_and_a_name_that_says_which(module: Path) -> None:
    assert set(module.with_suffix("").parts) & VAGUE == set()
    assert len((ROOT / module).read_text().splitlines()) <= 250


def test_the_program_is_short_enough_to_be_read_at_a_glance() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 25


def test_components_read_no_configuration_of_their_own() -> None:
    reading = {
        module.name
        for module in MODULES
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("pulumi.Config")
    }

    assert reading == set()


def test_nothing_is_inherited_but_from_pulumi_and_the_language() -> None:
    allowed = {
        "BaseAdapter",
        "Enum",
        "Exception",
        "Protocol",
        "Resource",
        "ResourceProvider",
        "TypedDict",
        "pulumi.ComponentResource",
    }

    for module in MODULES:
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.ClassDef):
                assert {ast.unparse(base) for base in node.bases} <= allowed, f"{module}: {node.name}"

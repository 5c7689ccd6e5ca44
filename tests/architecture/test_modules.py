"""The rules on the source that neither ruff nor import-linter can check. Their rules are in pyproject.toml."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.architecture.source import PACKAGE, ROOT, TOOLS, bases, classes, imports, modules, syntax

VAGUE = {"base", "common", "core", "helper", "helpers", "live", "manager", "misc", "types", "util", "utils"}
INHERITED = {
    # Docker's client, where REQUESTS_CA_BUNDLE must not replace an engine's own authority.
    "docker.APIClient",
    "docker.DockerClient",
    # Its errors, which callers catch.
    "DockerException",
    "NotFound",
    "Provider",
    "ProviderServicer",
    "BaseAdapter",
    "ConsulProvider",
    "Enum",
    "Exception",
    "HTTPAdapter",
    "Protocol",
    "ProviderResource",
    "Resource",
    "ResourceProvider",
    "TypedDict",
    "pulumi.ComponentResource",
    "pulumi.CustomResource",
    "dict",
    "Mocks",
}
HEAVY = {"docker", "kubernetes", "pulumi_docker", "pulumi_kubernetes", "websocket"}


def too_long(folder: Path, limit: int) -> list[str]:
    """The modules of a folder with more lines than the limit."""
    lengths = {module.relative_to(ROOT): len(module.read_text().splitlines()) for module in modules(folder)}
    return [f"{module} has {length} lines, at most {limit}" for module, length in lengths.items() if length > limit]


def test_a_module_is_short() -> None:
    assert too_long(PACKAGE, 250) + too_long(PACKAGE / "review", 150) + too_long(TOOLS, 150) == []


def test_a_folder_has_at_most_15_modules() -> None:
    counts = Counter(
        module.parent.relative_to(ROOT) for module in modules(PACKAGE) if module.name not in {"__init__.py"}
    )

    assert {str(folder): count for folder, count in counts.items() if count > 15} == {}


def test_the_name_of_a_module_says_what_it_holds() -> None:
    named = [module.relative_to(ROOT).with_suffix("") for module in [*modules(PACKAGE), *modules(TOOLS)]]

    assert [str(module) for module in named if set(module.parts) & VAGUE] == []


def test_the_model_needs_only_the_standard_library() -> None:
    needed = {name for module in modules(PACKAGE / "model") for name in imports(module)}

    assert needed - sys.stdlib_module_names == {"consul_on_pulumi"}


def test_the_tools_run_before_anything_is_installed() -> None:
    """All but the generator of the documentation, which reads the package."""
    needed = {
        name for module in modules(TOOLS) if not module.is_relative_to(TOOLS / "docs") for name in imports(module)
    }

    assert needed - sys.stdlib_module_names == {"tools"}
    # It is copied to a place of its own, and runs without the rest.
    assert set(imports(TOOLS / "kubernetes" / "supervisor.py")) <= sys.stdlib_module_names


def test_a_class_inherits_only_from_the_language_pulumi_and_the_one_provider() -> None:
    inherited = {name: bases(node) - INHERITED for name, node in classes(PACKAGE)}

    assert {name: found for name, found in inherited.items() if found} == {}


def test_what_a_provider_raises_is_a_sentence_of_this_package() -> None:
    """The engine shows the text of another error behind "Exception calling application"."""
    rooms = [PACKAGE / "providers", PACKAGE / "platforms", PACKAGE / "consul"]
    own = {node.name for _, node in classes(PACKAGE)}

    raised = {
        (module.stem, ast.unparse(node.exc.func))
        for room in rooms
        for module in modules(room)
        for node in ast.walk(syntax(module))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }

    # `engine.connect`, `consul/answers.py` and `api/answers.py` turn these into sentences; a RunError is the program's.
    assert {(where, name) for where, name in raised if name.rpartition(".")[2] not in own} == {
        ("access", "requests.ConnectionError"),
        ("access", "requests.exceptions.InvalidSchema"),
        ("answers", "ValueError"),
        ("api", "TooLargeError if answer.status_code == 413 else RefusedError"),
        ("connecting", "pulumi.RunError"),
        ("connection", "pulumi.RunError"),
        ("consul_access", "requests.ConnectionError"),
        ("consul_access", "requests.exceptions.InvalidURL"),
        ("exec_tunnel", "requests.ConnectionError"),
        ("host", "DockerException"),
        ("kubeconfig", "requests.ConnectionError"),
        ("port_forward", "requests.ConnectionError"),
        ("ssh", "DockerException"),
        ("syntax", "ValueError"),
    }


def test_c9_no_provider_refuses_a_property_by_name_or_the_engine_would_print_its_value() -> None:
    naming = [str(path) for path in PACKAGE.rglob("*.py") if "CheckFailure(" in path.read_text()]

    # The plugin passes on what a provider says.
    assert sorted(naming) == [str(PACKAGE / "plugin/servicer.py"), str(PACKAGE / "providers/provider.py")]


def test_the_package_reads_no_configuration_of_its_own() -> None:
    reading = [
        str(module.relative_to(ROOT))
        for module in modules(PACKAGE)
        for node in ast.walk(syntax(module))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("pulumi.Config")
    ]

    # That of Docker's and Kubernetes' providers: where a cluster is that has no provider of its own.
    assert reading == [str((PACKAGE / "providers/connecting.py").relative_to(ROOT))]


def test_the_program_can_be_read_at_a_glance() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 25


def test_importing_the_package_loads_no_platform() -> None:
    program = "import sys, consul_on_pulumi; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )

    assert HEAVY & set(done.stdout.split()) == set()

"""The page of all settings says what the code says."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, TypedDict

import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.client import ConsulClientArgs
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.platforms.kubernetes.settings import StorageArgs
from consul_on_pulumi.server import ConsulServerArgs, fixed
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from tools.docs.typed_args import Section, sections, settings

from tests.recording import Registration, build
from tools.docs import defaults, ranges, settings_page

SECTIONS = [
    *sections(ConsulClusterArgs, "cluster"),
    Section("ConsulServer", ConsulServerArgs, settings(ConsulServerArgs)),
    Section("ConsulClient", ConsulClientArgs, settings(ConsulClientArgs)),
]

COMPONENTS: dict[str, Any] = {"cluster": ConsulCluster, "ConsulServer": ConsulServer, "ConsulClient": ConsulClient}
GROUNDS: dict[str, dict[str, Any]] = {
    "docker": {"subnet": "172.30.0.0/24", "network": "shared"},
    "kubernetes": {"namespace": "shop"},
}


def concerns(section: Section, backend: str) -> bool:
    """Whether a section is not that of another backend."""
    return not any(f".{other}." in f"{section.path}." for other in GROUNDS.keys() - {backend})


def defaults_of_the_code() -> Iterator[Any]:
    """Path, backend and value of each default that the page has from the code."""
    for section, backend in product(SECTIONS, GROUNDS):
        for setting in section.settings:
            value = defaults.default(section.shape, setting.name, setting.kind)
            if concerns(section, backend) and value is not None:
                path = f"{section.path}.{setting.name}"
                yield pytest.param(path, backend, value, id=f"{path}-on-{backend}")


def registered(path: str, backend: str, **more: Any) -> list[Registration]:
    """What the engine is told when the map at `path` also holds `more`."""
    root, *above = path.split(".")
    args: dict[str, Any] = {"platform": {backend: dict(GROUNDS[backend])}}
    if above:
        # Settings of clients show in them alone.
        args["clients"] = 1
    at = args
    for key in above:
        at = at.setdefault(key, {})
    if "NAME" in above:
        at["files"] = {"banner": "banner.txt"}
    at.update(more)

    def program() -> None:
        COMPONENTS[root]("dev", args)

    return sorted(build(program).seen, key=lambda one: one.urn)


@cache
def with_nothing_set(path: str, backend: str) -> list[Registration]:
    """The same when the map at `path` is as empty as it may be."""
    return registered(path, backend)


def test_the_committed_page_is_the_one_that_the_code_makes() -> None:
    assert settings_page.PATH.read_text(encoding="utf-8") == settings_page.page(), "run `make docs` and commit the page"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.path)
def test_every_setting_has_a_docstring(section: Section) -> None:
    assert [setting.name for setting in section.settings if not setting.meaning] == []


def test_a_missing_docstring_is_noticed() -> None:
    class Args(TypedDict):
        said: int
        """Something."""
        silent: int

    assert [(setting.name, setting.meaning) for setting in settings(Args)] == [("said", "Something."), ("silent", "")]


def test_every_backend_is_on_the_page() -> None:
    found = {section.path for section in SECTIONS}

    assert {"cluster.platform.docker", "cluster.platform.kubernetes", "cluster.seed_sets.NAME"} <= found


def test_a_default_is_read_from_the_code_that_asks_for_the_setting() -> None:
    assert defaults.default(ConsulClusterArgs, "servers", int) == 3
    assert defaults.default(StorageArgs, "size", str) == "10Gi"
    assert defaults.default(ConsulClusterArgs, "seeds", dict[str, Any]) is None


@pytest.mark.parametrize(("shape", "modules"), defaults.ASKING.items(), ids=str)
def test_each_module_that_is_searched_asks_for_a_setting(shape: Any, modules: tuple[ModuleType, ...]) -> None:
    names = [setting.name for setting in settings(shape)]

    for module in modules:
        assert any(list(defaults.asked(module, name)) for name in names), module


def test_a_range_is_in_the_words_of_the_refusal() -> None:
    assert ranges.allowed("cluster.servers", int) == "an odd number from 1 to 7"
    assert ranges.allowed("cluster.platform.kubernetes.ui.node_port", int) == "30000 to 32767"
    assert ranges.allowed("cluster.platform.kubernetes.spread", str) == "soft or hard"
    assert ranges.allowed("cluster.seeds", dict[str, Any]) == ""


@pytest.mark.parametrize(("path", "backend", "value"), list(defaults_of_the_code()))
def test_a_default_of_the_page_is_what_happens_where_nothing_is_set(
    path: str, backend: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "banner.txt").write_text("welcome")
    monkeypatch.chdir(tmp_path)
    above, _, name = path.rpartition(".")

    assert registered(above, backend, **{name: value}) == with_nothing_set(above, backend)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.path)
def test_no_docstring_repeats_a_default_that_the_code_says(section: Section) -> None:
    said = [setting for setting in section.settings if "Default:" in setting.meaning]

    assert [one.name for one in said if defaults.default(section.shape, one.name, one.kind) is not None] == []


@pytest.mark.parametrize("backend", GROUNDS)
def test_refused_on_a_living_cluster_is_said_of_what_the_code_refuses(backend: str) -> None:
    said = {
        f"{section.path}.{setting.name}"
        for section in sections(ConsulClusterArgs, "cluster")
        for setting in section.settings
        if concerns(section, backend) and "Refused on a living cluster." in setting.meaning
    }
    topology = Topology(cluster="dev", datacenter="dc1", servers=3)

    assert said == fixed(topology, choose({backend: GROUNDS[backend]}), "cluster").keys()

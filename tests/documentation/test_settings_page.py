"""The page of all settings says what the code says."""

from types import ModuleType
from typing import Any, TypedDict

import pytest

from components.client import ConsulClientArgs
from components.cluster_args import ConsulClusterArgs
from components.placement.kubernetes.settings import StorageArgs
from components.server import ConsulServerArgs
from documentation import defaults, ranges, settings_page
from documentation.typed_args import Section, sections, settings

SECTIONS = [
    *sections(ConsulClusterArgs, "cluster"),
    Section("ConsulServer", ConsulServerArgs, settings(ConsulServerArgs)),
    Section("ConsulClient", ConsulClientArgs, settings(ConsulClientArgs)),
]


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

    assert {"cluster.placement.docker", "cluster.placement.kubernetes", "cluster.seed_sets.NAME"} <= found


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
    assert ranges.allowed("cluster.placement.kubernetes.ui.node_port", int) == "30000 to 32767"
    assert ranges.allowed("cluster.placement.kubernetes.spread", str) == "soft or hard"
    assert ranges.allowed("cluster.seeds", dict[str, Any]) == ""

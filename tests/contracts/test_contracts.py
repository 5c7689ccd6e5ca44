"""A stack of an earlier release keeps its resources. New resources are allowed."""

from pathlib import Path

import pytest

from tests.contracts.recorded import FOLDER, PROGRAMS, lost, read, resources

RECORDED = sorted(FOLDER.glob("*/*.json"))
ONE = {"types": "a$b", "name": "x", "provider": "m.P"}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_no_recorded_resource_is_replaced_or_orphaned(file: Path) -> None:
    assert lost(read(file), resources(file.stem)) == []


def test_every_platform_is_recorded() -> None:
    assert {file.stem for file in RECORDED} == set(PROGRAMS)


@pytest.mark.parametrize(
    ("change", "consequence"),
    [
        ({"types": "a$c"}, "replaced, its types are now a$c"),
        ({"name": "y"}, "deleted, nothing has this name"),
        ({"provider": "m.Q"}, "a stack can no longer load m.P, now m.Q"),
    ],
)
def test_a_changed_type_name_or_provider_is_found(change: dict[str, str], consequence: str) -> None:
    assert lost([ONE], [ONE | change]) == [f"a$b x: {consequence}"]


def test_a_new_resource_is_allowed() -> None:
    assert lost([ONE], [ONE, ONE | {"name": "y"}]) == []

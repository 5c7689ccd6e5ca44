import sys
import threading
from types import ModuleType

import pytest
from consul_on_pulumi.providers.detailed_diff import ADD, DELETE, UPDATE, note_changes
from pulumi.runtime import proto

KINDS = {ADD: "add", DELETE: "delete", UPDATE: "update"}


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The main module of the SDK's process for dynamic providers."""
    process = ModuleType("__main__")
    process.proto = proto  # type: ignore[attr-defined]
    process.DynamicResourceProviderServicer = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "__main__", process)
    return process


def detailed_diff_of(process: ModuleType, changes: int = proto.DiffResponse.DIFF_SOME) -> dict[str, str]:
    response = process.proto.DiffResponse(changes=changes)
    assert isinstance(response, proto.DiffResponse)
    assert response.hasDetailedDiff == bool(response.detailedDiff)
    assert all(change.inputDiff for change in response.detailedDiff.values())
    return {path: KINDS[change.kind] for path, change in response.detailedDiff.items()}


def test_single_keys_of_a_map_are_named(serving: ModuleType) -> None:
    olds = {"entries": {"same": "1", "app/a": "1", "gone": "1"}, "revision": 1}
    news = {"entries": {"same": "1", "app/a": "2", 'odd"[key].ü': "1"}, "revision": 2, "flags": {"a": "1"}}

    note_changes(olds, news, ["entries", "flags"])

    assert detailed_diff_of(serving) == {
        'entries["app/a"]': "update",
        'entries["gone"]': "delete",
        'entries["odd\\"[key].ü"]': "add",
        'flags["a"]': "add",
        "revision": "update",
    }


def test_noted_changes_are_used_once(serving: ModuleType) -> None:
    note_changes({}, {"a": 1}, [])

    assert detailed_diff_of(serving) == {"a": "add"}
    assert detailed_diff_of(serving) == {}


def test_changes_that_another_thread_noted_are_not_used(serving: ModuleType) -> None:
    note_changes({}, {}, [])
    other = threading.Thread(target=note_changes, args=({}, {"a": 1}, []))
    other.start()
    other.join()

    assert detailed_diff_of(serving) == {}


def test_no_change_has_no_paths(serving: ModuleType) -> None:
    note_changes({}, {"a": 1}, [])

    assert detailed_diff_of(serving, proto.DiffResponse.DIFF_NONE) == {}


def test_all_other_messages_are_the_sdks_own(serving: ModuleType) -> None:
    note_changes({}, {"a": 1}, [])
    note_changes({}, {"a": 1}, [])

    assert serving.proto.CheckResponse is proto.CheckResponse
    assert serving.proto.DiffResponse.DIFF_UNKNOWN == proto.DiffResponse.DIFF_UNKNOWN


@pytest.mark.parametrize("lacking", ["proto", "DynamicResourceProviderServicer"])
def test_another_kind_of_process_is_not_changed(serving: ModuleType, lacking: str) -> None:
    delattr(serving, lacking)

    note_changes({}, {"a": 1}, [])

    assert getattr(serving, "proto", proto) is proto

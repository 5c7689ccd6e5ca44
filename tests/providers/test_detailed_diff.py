import sys
import threading
from types import ModuleType

import pytest
from consul_on_pulumi.providers import detailed_diff
from consul_on_pulumi.providers.detailed_diff import ADD, DELETE, UPDATE, tell
from pulumi.runtime import proto

KINDS = {ADD: "add", DELETE: "delete", UPDATE: "update"}


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What the SDK's process of dynamic providers looks like from inside."""
    process = ModuleType("__main__")
    process.proto = proto  # type: ignore[attr-defined]
    process.DynamicResourceProviderServicer = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "__main__", process)
    return process


def answered(process: ModuleType, changes: int = proto.DiffResponse.DIFF_SOME) -> dict[str, str]:
    response = process.proto.DiffResponse(changes=changes)
    assert isinstance(response, proto.DiffResponse)
    assert response.hasDetailedDiff == bool(response.detailedDiff)
    assert all(change.inputDiff for change in response.detailedDiff.values())
    return {path: KINDS[change.kind] for path, change in response.detailedDiff.items()}


def test_single_keys_of_a_map_are_named(serving: ModuleType) -> None:
    olds = {"entries": {"same": "1", "app/a": "1", "gone": "1"}, "revision": 1}
    news = {"entries": {"same": "1", "app/a": "2", 'odd"[key].ü': "1"}, "revision": 2, "flags": {"a": "1"}}

    tell(olds, news, ["entries", "flags"])

    assert answered(serving) == {
        'entries["app/a"]': "update",
        'entries["gone"]': "delete",
        'entries["odd\\"[key].ü"]': "add",
        'flags["a"]': "add",
        "revision": "update",
    }


def test_what_was_told_counts_once(serving: ModuleType) -> None:
    tell({}, {"a": 1}, [])

    assert answered(serving) == {"a": "add"}
    assert answered(serving) == {}


def test_what_another_thread_told_does_not_count(serving: ModuleType) -> None:
    tell({}, {}, [])
    other = threading.Thread(target=tell, args=({}, {"a": 1}, []))
    other.start()
    other.join()

    assert answered(serving) == {}


def test_no_change_has_no_paths(serving: ModuleType) -> None:
    tell({}, {"a": 1}, [])

    assert answered(serving, proto.DiffResponse.DIFF_NONE) == {}


def test_all_other_messages_are_the_sdks_own(serving: ModuleType) -> None:
    tell({}, {"a": 1}, [])
    tell({}, {"a": 1}, [])

    assert serving.proto.CheckResponse is proto.CheckResponse
    assert serving.proto.DiffResponse.DIFF_UNKNOWN == proto.DiffResponse.DIFF_UNKNOWN


@pytest.mark.parametrize("lacking", ["proto", "DynamicResourceProviderServicer"])
def test_a_process_that_is_built_otherwise_is_left_alone(serving: ModuleType, lacking: str) -> None:
    delattr(serving, lacking)

    tell({}, {"a": 1}, [])

    assert not isinstance(getattr(serving, "proto", None), detailed_diff._Proto)

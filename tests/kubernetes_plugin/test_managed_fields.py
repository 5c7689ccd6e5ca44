from typing import Any

from kubernetes_plugin.managed_fields import owns_without_apply, takeover, union

MINE = "pulumi-kubernetes-1234abcd"


def entry(manager: str, operation: str, *fields: str, **more: Any) -> dict[str, Any]:
    owned = {f"f:{field}": {} for field in fields}
    return {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": {"f:data": owned}} | more


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries), "resourceVersion": "7"}}


def managers(patch: Any) -> dict[tuple[str, str], list[str]]:
    return {(one["manager"], one["operation"]): sorted(one["fieldsV1"]["f:data"]) for one in patch[0]["value"]}


def test_what_was_created_without_apply_becomes_applied() -> None:
    patch = takeover(live(entry(MINE, "Update", "a")), MINE)

    assert managers(patch) == {(MINE, "Apply"): ["f:a"]}


def test_kubectls_fields_are_taken_over_and_others_are_left() -> None:
    other = entry("kubelet", "Update", "c")
    scaled = entry("kubectl-scale", "Update", "d", subresource="scale")
    before = live(entry(MINE, "Apply", "a"), entry("kubectl-client-side-apply", "Update", "b"), other, scaled)

    assert managers(takeover(before, MINE)) == {
        (MINE, "Apply"): ["f:a", "f:b"],
        ("kubelet", "Update"): ["f:c"],
        ("kubectl-scale", "Update"): ["f:d"],
    }


def test_a_change_in_between_makes_the_takeover_fail() -> None:
    patch: Any = takeover(live(entry(MINE, "Update", "a")), MINE)

    assert patch[1] == {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}


def test_there_may_be_nothing_to_take_over() -> None:
    assert takeover(live(entry(MINE, "Apply", "a"), entry("other", "Apply", "b")), MINE) is None
    assert takeover({"metadata": {}}, MINE) is None


def test_only_own_fields_excuse_a_forced_preview() -> None:
    assert owns_without_apply(live(entry(MINE, "Update", "a")))
    assert not owns_without_apply(live(entry(MINE, "Apply", "a"), entry("kubectl-edit", "Update", "b")))


def test_fields_are_joined() -> None:
    one, other = {"f:a": {".": {}, "f:b": {}}}, {"f:a": {"f:c": {}}, "f:d": {}}

    assert union(one, other) == {"f:a": {".": {}, "f:b": {}, "f:c": {}}, "f:d": {}}

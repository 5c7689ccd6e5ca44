"""Who owns which field, and taking over what this plugin or kubectl wrote without server-side apply.

An object is created by a plain POST, which fails when there is one already, but leaves its fields to a manager of the
operation ``Update``. Before the first apply they are moved to the ``Apply`` entry of the same manager, or fields that
the program drops later would stay. Rules: ``fixCSAFieldManagers`` in ``provider/pkg/await/await.go``.
"""

from typing import Any

from kubernetes_plugin.objects import Object, part

# Managers by the start of their names, and the operation under which they wrote.
TAKEN_OVER = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
OWN = ("pulumi-kubernetes", "pulumi-resource-kubernetes")
Fields = dict[str, Any]


def owns_without_apply(live: Object) -> bool:
    """Whether this plugin has fields that are not yet its own in the sense of server-side apply."""
    return any(one["operation"] == "Update" and one["manager"].startswith(OWN) for one in _entries(live))


def takeover(live: Object, manager: str) -> list[Object] | None:
    """The JSON patch that gives ``manager`` the fields to take over; None when there are none."""
    entries = _entries(live)
    taken = [one for one in entries if _is_taken(one, manager)]
    if not taken:
        return None
    own = next((one for one in entries if _is_own(one, manager)), None)
    fields: Fields = {}
    for one in [*([own] if own else []), *taken]:
        fields = union(fields, one.get("fieldsV1") or {})
    merged = (own or taken[0]) | {"manager": manager, "operation": "Apply", "fieldsV1": fields}
    kept = [one for one in entries if one not in taken and one is not own]
    version = part(live, "metadata", "resourceVersion")
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [merged, *kept]},
        # So that nobody's change in between is lost.
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def union(one: Fields, other: Fields) -> Fields:
    """The fields of both."""
    result = dict(one)
    for key, inner in other.items():
        both = isinstance(inner, dict) and isinstance(result.get(key), dict)
        result[key] = union(result[key], inner) if both else result.get(key) or inner
    return result


def _entries(live: Object) -> list[Object]:
    # Entries of a subresource (status, scale) belong to controllers.
    return [one for one in part(live, "metadata", "managedFields") or [] if isinstance(one, dict)]


def _is_own(entry: Object, manager: str) -> bool:
    return entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource")


def _is_taken(entry: Object, manager: str) -> bool:
    if entry.get("subresource") or _is_own(entry, manager):
        return False
    return any(entry["manager"].startswith(start) and entry["operation"] == op for start, op in TAKEN_OVER)

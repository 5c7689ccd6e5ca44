"""`Diff`: whether an object changes in place, is replaced, or stays."""

from pulumi.provider.experimental.provider import DiffRequest, DiffResponse, PropertyDiff, PropertyDiffKind

from kubernetes_plugin import checkpoint, naming, values
from kubernetes_plugin.difference import Change, Difference, compare, deletes_first
from kubernetes_plugin.errors import NoSuchKindError
from kubernetes_plugin.ignoring import ignored
from kubernetes_plugin.replacing import replacing_fields
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import kind_of

KINDS = {
    (Change.ADD, False): PropertyDiffKind.ADD,
    (Change.ADD, True): PropertyDiffKind.ADD_REPLACE,
    (Change.DELETE, False): PropertyDiffKind.DELETE,
    (Change.DELETE, True): PropertyDiffKind.DELETE_REPLACE,
    (Change.UPDATE, False): PropertyDiffKind.UPDATE,
    (Change.UPDATE, True): PropertyDiffKind.UPDATE_REPLACE,
}


def diff(session: Session, request: DiffRequest) -> DiffResponse:
    """The differences between the state and the new inputs."""
    state, new = checkpoint.parse(request.old_state), values.document(request.new_inputs)
    try:
        namespaced = session.namespaced(kind_of(new))
    except NoSuchKindError:
        namespaced = True
    fields = replacing_fields(new, mutable=session.settings.mutable)
    found = compare(state.inputs, state.live, new, namespaced=namespaced, fields=fields)
    found = [one for one in found if not ignored(one.path, request.ignore_changes)]
    replaces = [one.property_path for one in found if one.replaces]
    return DiffResponse(
        changes=bool(found),
        replaces=replaces,
        delete_before_replace=bool(replaces)
        and deletes_first(new, state.live, autonamed=naming.is_autonamed(new), namespaced=namespaced),
        diffs=sorted({str(one.path[0]) for one in found}),
        detailed_diff={one.property_path: _detail(one) for one in found},
    )


def _detail(one: Difference) -> PropertyDiff:
    return PropertyDiff(KINDS[one.change, one.replaces], input_diff=one.change is Change.DELETE)

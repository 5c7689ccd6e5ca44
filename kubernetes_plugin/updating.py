"""`Update`: server-side apply of the new inputs, then waiting until the object is ready again."""

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import UpdateRequest, UpdateResponse

from kubernetes_plugin import checkpoint, naming, values
from kubernetes_plugin.awaiting import await_ready
from kubernetes_plugin.checking import without_namespace_of_cluster_wide
from kubernetes_plugin.creating import forced
from kubernetes_plugin.errors import (
    ApiError,
    NoSuchKindError,
    NotReadyError,
    OperationError,
    PartialFailureError,
    UnreachableError,
)
from kubernetes_plugin.ignoring import with_live
from kubernetes_plugin.managed_fields import owns_without_apply, takeover
from kubernetes_plugin.objects import Object, name_of, namespace_of, part, unknown_within, with_part, without_part
from kubernetes_plugin.session import Session
from kubernetes_plugin.shape import READ_ONLY
from kubernetes_plugin.tokens import kind_of, resource_id

TAKEOVERS = 10
HELP = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/"
    "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources"
)


def update(session: Session, request: UpdateRequest) -> UpdateResponse:
    """Changes the object; in a preview, asks the API server what it would become."""
    inputs = values.document(request.news)
    for name in READ_ONLY:
        inputs = without_part(inputs, "metadata", name)
    state = checkpoint.parse(request.olds)
    manager = naming.field_manager({checkpoint.MANAGER: state.manager}, inputs)
    if request.preview:
        return UpdateResponse(_previewed(session, request, inputs, manager))
    if session.unreachable:
        raise OperationError(f"configured Kubernetes cluster is unreachable: {session.unreachable}")
    try:
        live = _applied(session, inputs, state.live, manager, list(request.ignore_changes), dry_run=False)
        live = await_ready(session, request.urn, inputs, live, request.timeout)
    except NotReadyError as error:
        raise _partial(request, inputs, manager, error.live, str(error), error.reasons) from error
    except (ApiError, NoSuchKindError, UnreachableError) as error:
        raise _refused(session, request, inputs, state, manager, error) from error
    return UpdateResponse(checkpoint.build(inputs, live, manager, request.news))


def _applied(
    session: Session, inputs: Object, known: Object, manager: str, ignore_changes: list[str], *, dry_run: bool
) -> Object:
    kind, cluster = kind_of(inputs), session.cluster
    namespace, name = namespace_of(known), name_of(known)
    live = cluster.get(kind, namespace, name) if dry_run else _taken_over(session, known, manager)
    obj = without_namespace_of_cluster_wide(session, with_live(inputs, live, ignore_changes), kind)
    obj = with_part(obj, name, "metadata", "name")
    if kind.name == "CustomResourceDefinition":
        version = part(live, "metadata", "resourceVersion")
        replaced = cluster.replace(
            with_part(obj, version, "metadata", "resourceVersion"), manager=manager, dry_run=dry_run
        )
        cluster.forget_kinds()
        return replaced
    force = forced(session, inputs) or (dry_run and owns_without_apply(live))
    return cluster.apply(obj, manager=manager, force=force, dry_run=dry_run)


def _taken_over(session: Session, known: Object, manager: str) -> Object:
    """The live object once the fields that were written without apply are the manager's own."""
    kind, namespace, name = kind_of(known), namespace_of(known), name_of(known)
    for attempt in range(TAKEOVERS):
        live = session.cluster.get(kind, namespace, name)
        patch = takeover(live, manager)
        if patch is None:
            return live
        try:
            return session.cluster.patch(kind, namespace, name, patch)
        except ApiError as error:
            # Somebody, mostly a controller with a new status, was quicker.
            if error.status != 409 or attempt == TAKEOVERS - 1:
                raise
    raise AssertionError("the last attempt neither returned nor raised")


def _previewed(session: Session, request: UpdateRequest, inputs: Object, manager: str) -> dict[str, PropertyValue]:
    if unknown_within(inputs) or session.unreachable:
        return request.news
    known = checkpoint.parse(request.olds).live
    try:
        live = _applied(session, inputs, known, manager, list(request.ignore_changes), dry_run=True)
    except (NoSuchKindError, UnreachableError):
        return request.news
    except ApiError as error:
        if error.status == 403:
            return request.news
        raise OperationError(
            f"{kind_of(inputs)} {resource_id(known)} would not be updated: {explained(error)}"
        ) from error
    return checkpoint.build(inputs, live, manager, request.news)


def explained(error: Exception) -> str:
    """The error with what to do about it."""
    if isinstance(error, ApiError) and error.reason == "Conflict" and "conflict" in str(error):
        return (
            f"Server-Side Apply field conflict detected. {error}. To take the fields over, annotate the object with "
            f'pulumi.com/patchForce: "true"; see {HELP}'
        )
    return str(error)


def _refused(
    session: Session,
    request: UpdateRequest,
    inputs: Object,
    state: checkpoint.Checkpoint,
    manager: str,
    error: Exception,
) -> Exception:
    """The object is as it was; the state says so, and that the new inputs are still to come."""
    message = f"update of resource {request.urn!r} failed: {explained(error)}"
    try:
        live = session.cluster.get(kind_of(inputs), namespace_of(state.live), name_of(state.live))
    except (ApiError, NoSuchKindError, UnreachableError) as unseen:
        return OperationError(f"{message}; unable to get cluster state: {unseen}")
    return _partial(request, inputs, manager, live, message, [])


def _partial(
    request: UpdateRequest, inputs: Object, manager: str, live: Object, why: str, reasons: list[str]
) -> PartialFailureError:
    name = resource_id(live)
    message = f"the Kubernetes API server reported that {name!r} failed to fully initialize or become live: {why}"
    state = checkpoint.build(inputs, live, manager, request.news)
    return PartialFailureError(message, resource_id(live), state, [message, *reasons])

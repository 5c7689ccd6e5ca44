"""`Create`: makes an object and waits until it is ready."""

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import CreateRequest, CreateResponse

from kubernetes_plugin import checkpoint, naming, values
from kubernetes_plugin.awaiting import await_ready
from kubernetes_plugin.checking import without_namespace_of_cluster_wide
from kubernetes_plugin.errors import (
    ApiError,
    NoSuchKindError,
    NotReadyError,
    OperationError,
    PartialFailureError,
    UnreachableError,
)
from kubernetes_plugin.objects import Object, annotated_true, name_of, unknown_within, with_part, without_part
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import kind_of, resource_id

PATCH_FORCE = "pulumi.com/patchForce"
# Seconds between attempts while a namespace or a definition of kinds is still on its way.
RETRIES = (1, 2, 4, 8, 16)


def create(session: Session, request: CreateRequest) -> CreateResponse:
    """Makes the object; in a preview, asks the API server what it would become."""
    inputs = values.document(request.properties)
    manager = naming.field_manager({}, inputs)
    if request.preview:
        return CreateResponse(properties=_previewed(session, inputs, manager, request.properties))
    if session.unreachable:
        raise OperationError(f"configured Kubernetes cluster is unreachable: {session.unreachable}")
    try:
        live = _made_patiently(session, inputs, manager, request.urn)
    except (ApiError, NoSuchKindError, UnreachableError) as error:
        raise OperationError(_refusal(request.urn, inputs, error)) from error
    try:
        live = await_ready(session, request.urn, inputs, live, request.timeout)
    except NotReadyError as error:
        message = (
            f"resource {request.urn!r} was successfully created, but the Kubernetes API server reported that it failed "
            f"to fully initialize or become live: {error}"
        )
        state = checkpoint.build(inputs, error.live, manager, request.properties)
        raise PartialFailureError(message, resource_id(error.live), state, [message, *error.reasons]) from error
    if kind_of(inputs).name == "CustomResourceDefinition":
        session.cluster.forget_kinds()
    return CreateResponse(resource_id(live), checkpoint.build(inputs, live, manager, request.properties))


def forced(session: Session, inputs: Object) -> bool:
    """Whether to take fields from other managers."""
    return annotated_true(inputs, PATCH_FORCE) or session.settings.patch_force


def _make(session: Session, inputs: Object, manager: str, *, dry_run: bool) -> Object:
    obj = without_namespace_of_cluster_wide(session, inputs, kind_of(inputs))
    if session.settings.upsert:
        force = dry_run or forced(session, inputs)
        return session.cluster.apply(obj, manager=manager, force=force, dry_run=dry_run)
    return session.cluster.create(obj, manager=manager, dry_run=dry_run)


def _made_patiently(session: Session, inputs: Object, manager: str, urn: str) -> Object:
    for seconds in (*RETRIES, None):
        try:
            live = _make(session, inputs, manager, dry_run=False)
            session.log.status(urn, "")
            return live
        except (ApiError, NoSuchKindError) as error:
            missing = isinstance(error, NoSuchKindError) or error.status == 404
            if seconds is None or not missing or session.cancelled.wait(seconds):
                raise
            session.log.status(urn, f"Retrying; creation failed: {error}")
    raise AssertionError("the last attempt neither returned nor raised")


def _previewed(
    session: Session, inputs: Object, manager: str, given: dict[str, PropertyValue]
) -> dict[str, PropertyValue]:
    """The object as it would be; the inputs alone where the API server cannot tell."""
    if unknown_within(inputs) or session.unreachable:
        return given
    try:
        live = _make(session, inputs, manager, dry_run=True)
    except (NoSuchKindError, UnreachableError):
        return given
    except ApiError as error:
        if error.immutable and session.settings.upsert:
            other = with_part(inputs, f"{name_of(inputs)}-preview", "metadata", "name")
            live = with_part(_make(session, other, manager, dry_run=True), name_of(inputs), "metadata", "name")
        elif error.namespace_missing or error.status == 403 or error.reason == "AlreadyExists":
            return given
        else:
            raise OperationError(f"{kind_of(inputs)} {resource_id(inputs)} would not be created: {error}") from error
    return checkpoint.build(inputs, without_part(live, "status"), manager, given)


def _refusal(urn: str, inputs: Object, error: Exception) -> str:
    said = f"resource {urn!r} was not successfully created by the Kubernetes API server: {error}"
    if isinstance(error, NoSuchKindError):
        return f"{said}. Verify that any required CRDs have been created"
    if isinstance(error, ApiError) and error.reason == "AlreadyExists":
        return (
            f"{said}. To manage {resource_id(inputs)} from now on, import it or set the provider's "
            "`upsertExistingObjects`; if it was renamed in the program, give it an alias"
        )
    return said

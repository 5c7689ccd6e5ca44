"""`Delete`: takes an object away and waits until it is gone."""

from pulumi.provider.experimental.provider import DeleteRequest

from kubernetes_plugin import checkpoint
from kubernetes_plugin.awaiting import await_gone
from kubernetes_plugin.errors import (
    ApiError,
    NoSuchKindError,
    NotReadyError,
    OperationError,
    PartialFailureError,
    UnreachableError,
)
from kubernetes_plugin.objects import Object, annotation
from kubernetes_plugin.session import Session
from kubernetes_plugin.tokens import kind_of, kind_of_urn, parse_id

PROPAGATION = "pulumi.com/deletionPropagationPolicy"
POLICIES = {"orphan": "Orphan", "background": "Background"}


def delete(session: Session, request: DeleteRequest) -> None:
    """Deletes the object; what is gone already is success."""
    if session.unreachable:
        _unseen(session, request.urn)
        return
    state = checkpoint.parse(request.properties)
    kind = kind_of(state.live) if "kind" in state.live else kind_of_urn(request.urn)
    namespace, name = parse_id(request.resource_id)
    try:
        session.cluster.delete(kind, namespace, name, propagation=propagation(state.inputs))
    except NoSuchKindError:
        return
    except ApiError as error:
        if error.status == 404:
            return
        raise OperationError(f"{kind} {request.resource_id} was not deleted: {error}") from error
    except UnreachableError as error:
        raise OperationError(f"{kind} {request.resource_id} was not deleted: {error}") from error
    try:
        await_gone(session, request.urn, state.inputs, kind, namespace, name, request.timeout)
    except NotReadyError as error:
        left = checkpoint.build(state.inputs, error.live, state.manager, request.properties)
        raise PartialFailureError(str(error), request.resource_id, left, [str(error), *error.reasons]) from error


def propagation(inputs: Object) -> str:
    """What becomes of the objects that this one owns: by default they go first."""
    return POLICIES.get(annotation(inputs, PROPAGATION).lower(), "Foreground")


def _unseen(session: Session, urn: str) -> None:
    session.log.warning(urn, f"configured Kubernetes cluster is unreachable: {session.unreachable}")
    if not session.settings.delete_unreachable:
        raise OperationError(
            "configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource "
            "from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable "
            'set to "true"'
        )
    session.log.info(urn, "`deleteUnreachable` is set: removing the resource from the state")

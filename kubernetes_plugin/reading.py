"""`Read`: what is really there, for `refresh`, `import` and `get`."""

from pulumi.provider.experimental.provider import ReadRequest, ReadResponse

from kubernetes_plugin import checkpoint, naming, values
from kubernetes_plugin.awaiting import look_once
from kubernetes_plugin.errors import ApiError, NoSuchKindError, OperationError, PartialFailureError, UnreachableError
from kubernetes_plugin.objects import Object, without_part
from kubernetes_plugin.session import Session
from kubernetes_plugin.shape import READ_ONLY, normalized, pruned, with_dropped
from kubernetes_plugin.tokens import kind_of, kind_of_urn, parse_id

GONE = ReadResponse(resource_id="")
# Annotations that others keep on an object, and that no program would want to take over from an import.
KEPT_BY_OTHERS = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")


def read(session: Session, request: ReadRequest) -> ReadResponse:
    """The live object as state, and as the inputs that would make it so."""
    if session.unreachable:
        return _unseen(session, request)
    state = checkpoint.parse(request.properties)
    inputs = normalized(values.document(request.inputs))
    known = inputs if "kind" in inputs else state.live
    kind = kind_of(known) if "kind" in known else kind_of_urn(request.urn)
    namespace, name = parse_id(request.resource_id)
    try:
        live = session.cluster.get(kind, namespace, name)
    except NoSuchKindError:
        return GONE
    except ApiError as error:
        if error.status == 404:
            return GONE
        raise OperationError(f"reading {kind} {request.resource_id} failed: {error}") from error
    except UnreachableError as error:
        raise OperationError(f"reading {kind} {request.resource_id} failed: {error}") from error
    imported = "kind" not in known
    now = importable(live) if imported else _seen(live, inputs if "kind" in inputs else state.live, state.live)
    manager = naming.field_manager({checkpoint.MANAGER: state.manager}, inputs)
    new_state = checkpoint.build(now, live, manager, request.inputs)
    new_inputs = values.properties(now, request.inputs)
    problems = [] if imported else look_once(session, now, live)
    if problems:
        message = f"{kind} {request.resource_id} is not ready: {problems[0]}"
        raise PartialFailureError(message, request.resource_id, new_state, problems, inputs=new_inputs)
    return ReadResponse(request.resource_id, new_state, new_inputs)


def _seen(live: Object, inputs: Object, before: Object) -> Object:
    """The inputs as they are there now."""
    result: Object = with_dropped(pruned(normalized(live), inputs), inputs, normalized(before))
    return result


def importable(live: Object) -> Object:
    """The inputs that would make an object that no program has described yet."""
    obj = without_part(live, "status")
    for name in READ_ONLY:
        obj = without_part(obj, "metadata", name)
    for name in KEPT_BY_OTHERS:
        obj = without_part(obj, "metadata", "annotations", name)
    return obj


def _unseen(session: Session, request: ReadRequest) -> ReadResponse:
    session.log.warning(request.urn, f"configured Kubernetes cluster is unreachable: {session.unreachable}")
    if session.settings.delete_unreachable:
        session.log.info(request.urn, "`deleteUnreachable` is set: removing the resource from the state")
        return GONE
    if session.settings.skip_update_unreachable:
        return ReadResponse(request.resource_id, request.properties, request.inputs)
    raise OperationError(
        "failed to read resource state due to unreachable cluster. If the cluster was deleted, you can remove this "
        "resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment "
        'variable set to "true"'
    )

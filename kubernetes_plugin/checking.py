"""`Check`: the inputs as they will be kept, with name and namespace filled in.

Rules: ``Check`` in ``provider/pkg/provider/provider.go``. What the API server would refuse is found by the dry run of
``create`` and ``update``, where the server itself judges.
"""

from pulumi.provider.experimental.provider import CheckFailure, CheckRequest, CheckResponse

from kubernetes_plugin import naming, values
from kubernetes_plugin.errors import NoSuchKindError
from kubernetes_plugin.objects import UNKNOWN, Object, namespace_of, part, with_part, without_part
from kubernetes_plugin.session import Session
from kubernetes_plugin.shape import READ_ONLY
from kubernetes_plugin.tokens import Kind, kind_of_urn, name_of_urn


def check(session: Session, request: CheckRequest) -> CheckResponse:
    """The inputs to keep."""
    if session.settings.skip_update_unreachable and session.unreachable:
        session.log.warning(request.urn, f"{_unreachable(session)} `skipUpdateUnreachable` keeps what the state says")
        return CheckResponse(inputs=request.old_inputs)
    kind = kind_of_urn(request.urn)
    new, old = values.document(request.new_inputs), values.document(request.old_inputs)
    new = {"apiVersion": kind.api_version, "kind": kind.name} | new
    for name in READ_ONLY:
        new = without_part(new, "metadata", name)
    if part(new, "metadata", "generateName") and not part(new, "metadata", "name"):
        reason = "the `.metadata.generateName` field is not supported in Server-Side Apply mode; leave it out for a"
        failure = CheckFailure("metadata.generateName", f"{reason} generated name")
        return CheckResponse(inputs=request.new_inputs, failures=[failure])
    new = naming.named(new, old, name_of_urn(request.urn), request.random_seed)
    if not namespace_of(new) and new["metadata"] != UNKNOWN and _namespaced(session, kind):
        new = with_part(new, session.default_namespace, "metadata", "namespace")
    return CheckResponse(inputs=values.properties(new, request.new_inputs))


def _namespaced(session: Session, kind: Kind) -> bool:
    try:
        return session.namespaced(kind)
    except NoSuchKindError:
        # A custom resource whose definition is still to be made; most of them live in namespaces.
        return True


def _unreachable(session: Session) -> str:
    return f"configured Kubernetes cluster is unreachable: {session.unreachable};"


def without_namespace_of_cluster_wide(session: Session, obj: Object, kind: Kind) -> Object:
    """The object as the API server wants it: what belongs to the whole cluster names no namespace."""
    return obj if session.namespaced(kind) else without_part(obj, "metadata", "namespace")

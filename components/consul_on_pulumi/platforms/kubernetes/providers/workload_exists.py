"""A workload that the state holds and Kubernetes does not: somebody deleted it, or its namespace."""

from collections.abc import Mapping

from pulumi.dynamic import ReadResult

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, if_answered
from consul_on_pulumi.providers.provider import Properties

GONE = (
    "{what} does not exist, although the state of this stack holds it: somebody deleted it or its namespace, or this "
    "is another Kubernetes cluster ({place}): check `kubectl config current-context` before you refresh. "
    "Run `pulumi refresh`, then `pulumi up`"
)
"""What to do about a workload that was deleted; `place` is the API server that was asked. A refresh there forgets all
that the right one holds."""


def problems(olds: Properties, news: Properties) -> list[str]:
    """A message if the workload of both, a StatefulSet or one of clients, is gone. Only `refresh` removes it from the
    state, and without that a preview would say that nothing changes."""
    if not olds or _where(olds) != _where(news) or not _is_gone(news):
        return []
    return [GONE.format(what=_name(news), place=ApiServer.of(news).place)]


def read(id_: str, props: Properties) -> ReadResult:
    """Nothing if the workload is gone: the next update then creates this resource again, and waits for the agents."""
    return ReadResult(None, {}) if _is_gone(props) else ReadResult(id_, props, props)


def _is_gone(props: Properties) -> bool:
    _, path = _where(props)
    return if_answered(lambda: ApiServer.of(props).find(path) is None) or False


def _where(props: Mapping[str, str]) -> tuple[str, str]:
    kind, name = _kind_and_name(props)
    return props["cluster"], f"/apis/apps/v1/namespaces/{props['namespace']}/{kind}/{name}"


def _kind_and_name(props: Mapping[str, str]) -> tuple[str, str]:
    if "stateful_set" in props:
        return "statefulsets", props["stateful_set"]
    return props["kind"], props["workload"]


def _name(props: Mapping[str, str]) -> str:
    kind, name = _kind_and_name(props)
    spelled = {"statefulsets": "StatefulSet", "deployments": "Deployment", "daemonsets": "DaemonSet"}[kind]
    return f"{spelled} {props['namespace']}/{name}"

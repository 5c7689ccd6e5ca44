"""Parts of programs."""

from typing import Any

import pulumi_kubernetes as k8s

from tests.kubernetes_plugin.e2e.kubelet import BEHAVIOUR

LABELS = {"app": "web"}


def pod_spec(**more: Any) -> dict[str, Any]:
    return {"containers": [{"name": "main", "image": "i:1"} | more]}


def template(behaviour: str | None = None, **container: Any) -> dict[str, Any]:
    """A Pod template whose Pods behave so; without a word they stay pending for ever."""
    annotations = {BEHAVIOUR: behaviour} if behaviour else {}
    return {"metadata": {"labels": LABELS, "annotations": annotations}, "spec": pod_spec(**container)}


def stateful_set(
    name: str = "set", *, behaviour: str | None = "ready", replicas: int = 1, opts: Any = None, **more: Any
) -> k8s.apps.v1.StatefulSet:
    annotations = more.pop("annotations", {})
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template(behaviour)} | more
    return k8s.apps.v1.StatefulSet(name, metadata={"annotations": annotations}, spec=spec, opts=opts)

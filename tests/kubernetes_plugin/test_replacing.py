from typing import Any

import pytest

from kubernetes_plugin.replacing import replaces, replacing_fields
from tests.kubernetes_plugin.documents import Object, config_map, secret


def of(api_version: str, kind: str) -> Object:
    return {"apiVersion": api_version, "kind": kind}


@pytest.mark.parametrize(
    ("obj", "path", "value", "replaced"),
    [
        (of("apps/v1", "StatefulSet"), ("spec", "serviceName"), "x", True),
        (of("apps/v1", "StatefulSet"), ("spec", "selector", "matchLabels", "app"), "x", True),
        (of("apps/v1", "StatefulSet"), ("spec", "volumeClaimTemplates", 0, "spec"), {}, True),
        (of("apps/v1", "StatefulSet"), ("spec", "podManagementPolicy"), None, True),
        (of("apps/v1", "StatefulSet"), ("spec", "revisionHistoryLimit"), 3, True),
        (of("apps/v1", "StatefulSet"), ("spec", "replicas"), 3, False),
        (of("apps/v1", "StatefulSet"), ("spec", "template", "spec"), {"selector": {}}, False),
        (of("apps/v1", "StatefulSet"), ("spec",), {"replicas": 1, "serviceName": "x"}, True),
        (of("apps/v1", "StatefulSet"), ("spec",), {"replicas": 1}, False),
        (of("apps/v1", "Deployment"), ("spec", "selector"), {}, True),
        (of("apps/v1", "DaemonSet"), ("spec", "selector"), {}, True),
        (of("batch/v1", "Job"), ("spec", "template", "spec", "containers", 0, "image"), "x", True),
        (of("batch/v1", "Job"), ("spec", "suspend"), True, False),
        (of("v1", "Service"), ("spec", "clusterIP"), "None", True),
        (of("v1", "Service"), ("spec", "ports", 0, "port"), 80, False),
        (of("v1", "PersistentVolumeClaim"), ("spec", "storageClassName"), "x", True),
        (of("v1", "PersistentVolumeClaim"), ("spec", "resources", "requests", "storage"), "2Gi", False),
        (of("v1", "Pod"), ("spec", "containers", 1, "env", 0, "value"), "x", True),
        (of("v1", "Pod"), ("spec", "containers"), [{"name": "a"}, {"image": "b"}], True),
        (of("v1", "Pod"), ("spec", "containers"), [{"name": "a"}], False),
        (of("v1", "Pod"), ("spec", "activeDeadlineSeconds"), 3, False),
        (of("rbac.authorization.k8s.io/v1", "RoleBinding"), ("roleRef", "name"), "x", True),
        (of("storage.k8s.io/v1", "StorageClass"), ("parameters", "a"), "x", True),
        (of("policy/v1", "PodDisruptionBudget"), ("spec", "minAvailable"), 1, False),
        (of("example.com/v1", "StatefulSet"), ("spec", "serviceName"), "x", False),
        (of("v1", "Namespace"), ("metadata", "name"), "x", True),
        (of("v1", "Namespace"), ("metadata", "labels"), {}, False),
        (of("v1", "Secret"), ("type",), "x", True),
    ],
)
def test_a_change_replaces(obj: Object, path: Any, value: Any, replaced: bool) -> None:
    assert replaces(path, value, replacing_fields(obj)) is replaced


@pytest.mark.parametrize("obj", [config_map(), secret()])
def test_content_may_be_made_mutable_but_not_what_says_that_it_is_not(obj: Object) -> None:
    mutable = frozenset({"ConfigMap", "Secret"})
    path = ("data", "a")

    assert replaces(path, "x", replacing_fields(obj))
    assert not replaces(path, "x", replacing_fields(obj, mutable=mutable))
    assert replaces(path, "x", replacing_fields(obj | {"immutable": True}, mutable=mutable))

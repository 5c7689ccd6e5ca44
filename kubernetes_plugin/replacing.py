"""The fields whose change replaces an object, by kind.

Source: ``provider/pkg/provider/diff.go`` of pulumi-kubernetes. It is the official plugin's list, not Kubernetes' own.
"""

from typing import Any

from kubernetes_plugin.objects import Object
from kubernetes_plugin.tokens import Kind, kind_of

Path = tuple[str | int, ...]
ANY_ITEM = "*"

IDENTITY = ("metadata.name", "metadata.namespace")
CONTENT = {"Secret": ("type", "stringData", "data"), "ConfigMap": ("binaryData", "data")}
VOLUME_SOURCES = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs "
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)
POD = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork "
    "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName "
    "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName "
    "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
CONTAINER = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext "
    "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)


def _spec(names: str, *, below: str = "spec") -> tuple[str, ...]:
    return tuple(f"{below}.{name}" for name in names.split())


FIELDS: dict[str, tuple[str, ...]] = {
    "apps/v1/DaemonSet": _spec("selector"),
    "apps/v1/Deployment": _spec("selector"),
    "apps/v1/StatefulSet": _spec("podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates"),
    "batch/v1/Job": _spec("completions parallelism selector template"),
    "policy/v1beta1/PodDisruptionBudget": ("spec",),
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ("roleRef",),
    "rbac.authorization.k8s.io/v1/RoleBinding": ("roleRef",),
    "storage.k8s.io/v1/StorageClass": ("parameters", "provisioner"),
    "v1/PersistentVolume": _spec(VOLUME_SOURCES),
    "v1/PersistentVolumeClaim": _spec("accessModes selector storageClassName volumeName"),
    "v1/Pod": (
        *_spec(POD),
        *_spec(CONTAINER, below="spec.containers.*"),
        *_spec(CONTAINER, below="spec.initContainers.*"),
    ),
    "v1/ResourceQuota": _spec("scopes"),
    "v1/Secret": ("type",),
    "v1/Service": _spec("clusterIP"),
}


def replacing_fields(new: Object, *, mutable: frozenset[str] = frozenset()) -> tuple[Path, ...]:
    """The paths for an object; ``mutable`` are the kinds (Secret, ConfigMap) whose content may change in place."""
    kind: Kind = kind_of(new)
    fields: tuple[str, ...] = IDENTITY
    content = CONTENT.get(kind.name) if kind.api_version == "v1" else None
    if content and (kind.name not in mutable or new.get("immutable") is True):
        fields += content
    else:
        fields += FIELDS.get(str(kind), ())
    return tuple(tuple(field.split(".")) for field in fields)


def replaces(path: Path, value: Any, fields: tuple[Path, ...]) -> bool:
    """Whether a change at a path to a value (None: taken away) touches one of the fields."""
    return any(_touches(path, value, field) for field in fields)


def _touches(path: Path, value: Any, field: Path) -> bool:
    for step, wanted in zip(path, field, strict=False):
        if step != wanted and not (wanted == ANY_ITEM and isinstance(step, int)):
            return False
    return _holds(value, field[len(path) :])


def _holds(value: Any, rest: Path) -> bool:
    if not rest:
        return True
    if rest[0] == ANY_ITEM:
        return isinstance(value, list) and any(_holds(item, rest[1:]) for item in value)
    return isinstance(value, dict) and rest[0] in value and _holds(value[rest[0]], rest[1:])

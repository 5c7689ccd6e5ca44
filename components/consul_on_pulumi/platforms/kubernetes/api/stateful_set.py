"""One StatefulSet with its pods and claims: its state, and the changes that a rollout makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi

from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, Object
from consul_on_pulumi.platforms.kubernetes.api.pod_status import SPEC_HASH, Pod, pod_of

CLAIM = "data"
"""Name of the claim template; a claim is called `<template>-<pod>`."""


class Workload(TypedDict):
    """Which StatefulSet; these are properties of resources in the state."""

    cluster: str
    """The Kubernetes cluster, in the form of `kubeconfig.Cluster.text`."""
    namespace: pulumi.Input[str]
    """Its namespace."""
    stateful_set: str
    """Its name, and the prefix of its pods' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The specification of the StatefulSet, and whether the controller has seen it."""

    replicas: int
    revision: str
    """The ControllerRevision that a new pod is created from."""
    observed: bool
    """Whether the controller has seen the last change."""
    spec_hash: str | None
    """Digest of the template, if this program wrote it."""
    version: str
    """UID and generation: every change of the specification gives another one."""


class StatefulSet:
    """One StatefulSet and its pods, called `<name>-<ordinal>`."""

    def __init__(self, workload: Mapping[str, Any]) -> None:
        """`workload` holds the keys of a Workload."""
        self.name = str(workload["stateful_set"])
        self._api = ApiServer.of(workload)
        self.namespace = str(workload["namespace"])
        self._core = f"/api/v1/namespaces/{self.namespace}"
        self._path = f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets/{self.name}"

    @property
    def place(self) -> str:
        """The API server that is asked, for messages."""
        return self._api.place

    def status(self) -> Status | None:
        """The current state; None if the StatefulSet does not exist."""
        found = self._api.find(self._path)
        if found is None:
            return None
        status, metadata = found.get("status", {}), found["metadata"]
        template = found["spec"].get("template", {}).get("metadata", {})
        return Status(
            replicas=found["spec"]["replicas"],
            revision=status.get("updateRevision", ""),
            observed=status.get("observedGeneration", 0) >= metadata["generation"],
            spec_hash=template.get("annotations", {}).get(SPEC_HASH),
            version=f"{metadata['uid']}/{metadata['generation']}",
        )

    def pods(self, names: Sequence[str]) -> Mapping[str, Pod]:
        """The pods with these names that exist, by name."""
        found = {name: self._api.find(f"{self._core}/pods/{name}") for name in names}
        return {name: pod_of(pod) for name, pod in found.items() if pod is not None}

    def delete_pod(self, name: str, uid: str) -> None:
        """Delete the pod if it still has this `uid`; the controller creates another."""
        self._api.delete(f"{self._core}/pods/{name}", uid)

    def scale(self, replicas: int) -> None:
        """Set the number of pods."""
        self._api.patch(f"{self._path}/scale", {"spec": {"replicas": replicas}})

    def claim(self, name: str) -> Object | None:
        """The claim with this name; None if it does not exist."""
        return self._api.find(f"{self._core}/persistentvolumeclaims/{name}")

    def delete_claim(self, claim: Object) -> None:
        """Delete a claim, and with it the data, if it still is this one."""
        metadata = claim["metadata"]
        self._api.delete(f"{self._core}/persistentvolumeclaims/{metadata['name']}", metadata["uid"])

    def reclaim_policy(self, volume: str) -> str | None:
        """What happens to a volume after its claim: `Delete` or `Retain`; None where we may not read volumes."""
        try:
            found = self._api.find(f"/api/v1/persistentvolumes/{volume}")
        except RefusedError:
            return None
        return str(found["spec"].get("persistentVolumeReclaimPolicy")) if found else None

    def lets_grow(self, storage_class: str) -> bool:
        """Whether volumes of this StorageClass can grow; yes if it does not exist."""
        found = self._api.find(f"/apis/storage.k8s.io/v1/storageclasses/{storage_class}")
        return found is None or found.get("allowVolumeExpansion") is True

    def change_claim(self, name: str, change: Object) -> None:
        """Merge `change` into a claim. Raises RefusedError, also where the storage class does not let volumes grow."""
        self._api.patch(f"{self._core}/persistentvolumeclaims/{name}", change)

    def warning_of_claim(self, name: str) -> str:
        """The last warning event of the pod's claim; empty if there is none."""
        return self._api.last_warning(self.namespace, "PersistentVolumeClaim", f"{CLAIM}-{name}")

    def last_warning(self, name: str) -> str:
        """The last warning event of the pod, or of the StatefulSet if the pod has none."""
        of_pod = self._api.last_warning(self.namespace, "Pod", name)
        return of_pod or self._api.last_warning(self.namespace, "StatefulSet", self.name)

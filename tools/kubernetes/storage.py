"""Volumes for claims: a provisioner of folders as a process of the machine, and the default storage class."""

from typing import Any

from toolchain.kubernetes import layout, programs
from toolchain.kubernetes.api_server import ApiServer
from toolchain.kubernetes.dns import role

CLASS = "standard"
# Known to toolchain/modules/volume-provisioner as well.
PROVISIONER = "consul-on-pulumi/volumes"
USER = "volume-provisioner"


def command(server: ApiServer) -> list[str]:
    """The provisioner's command line."""
    client = server.client_file(USER, f"/CN={USER}")
    return [str(programs.volume_provisioner()), f"-kubeconfig={client}", f"-folder={layout.volumes()}"]


def manifests() -> dict[str, Any]:
    """The storage class, and what the provisioner may do, by API path."""
    all_verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
    return {
        f"/apis/storage.k8s.io/v1/storageclasses/{CLASS}": {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": PROVISIONER,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
        **role(
            USER,
            [
                {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": all_verbs},
                {
                    "apiGroups": [""],
                    "resources": ["persistentvolumeclaims"],
                    "verbs": ["get", "list", "watch", "update", "patch"],
                },
                {"apiGroups": [""], "resources": ["persistentvolumeclaims/status"], "verbs": ["patch"]},
                {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "update", "patch"]},
            ],
        ),
    }

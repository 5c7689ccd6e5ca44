"""What a tier needs of Kubernetes and does not create: its namespace, and the StorageClass of its claims."""

from collections.abc import Iterator
from typing import TypedDict

import pulumi

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, if_answered
from consul_on_pulumi.providers.provider import Properties

DEFAULT = "storageclass.kubernetes.io/is-default-class"
"""Annotation of the StorageClass of claims that name none."""


class Prerequisites(TypedDict):
    """These are inputs of a resource that is created before the workload."""

    namespace_exists: bool
    """Whether the namespace must exist already: nothing in this program is created before the tier."""
    storage_class: pulumi.Input[str] | None
    """The StorageClass of new claims; empty for the default one, None for no claims or if the program may create it."""


def problems(news: Properties) -> list[str]:
    """A message for each that does not exist. Pods would wait for it until the update gives up."""
    return if_answered(lambda: list(_missing(ApiServer.of(news), news))) or []


def _missing(api: ApiServer, news: Properties) -> Iterator[str]:
    namespace, storage_class = news["namespace"], news.get("storage_class")
    if news.get("namespace_exists") and api.find(f"/api/v1/namespaces/{namespace}") is None:
        yield (
            f"platform.kubernetes.namespace: expected a namespace that exists, got {namespace}: create it with "
            f"`kubectl create namespace {namespace}`, or leave the setting out, and the cluster creates its own"
        )
    if isinstance(storage_class, str):
        yield from _no_class(api, storage_class)


def _no_class(api: ApiServer, wanted: str) -> Iterator[str]:
    classes = api.listed("/apis/storage.k8s.io/v1/storageclasses", {})
    names = sorted(one["metadata"]["name"] for one in classes)
    default = any(one["metadata"].get("annotations", {}).get(DEFAULT) == "true" for one in classes)
    if wanted in names or (not wanted and default):
        return
    # A volume that somebody made by hand may name a class that does not exist, or none.
    volumes = api.listed("/api/v1/persistentvolumes", {})
    if any(one["spec"].get("storageClassName", "") == wanted for one in volumes):
        return
    listed = ", ".join(names) or "none"
    if wanted:
        yield f"platform.kubernetes.storage.storage_class: expected a StorageClass that exists ({listed}), got {wanted}"
    else:
        yield (
            "platform.kubernetes.storage.storage_class: required, since this Kubernetes cluster has no default "
            f"StorageClass, expected one that exists ({listed})"
        )

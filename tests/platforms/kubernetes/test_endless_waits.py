"""B11: waits that no time can end stop within seconds and name the cause, or are refused in the preview."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.platforms.kubernetes.providers import (
    client_rollout,
    load_balancer,
    namespace_end,
    pod_readiness,
    voters,
)
from consul_on_pulumi.platforms.kubernetes.providers.client_rollout import ClientRolloutProvider
from consul_on_pulumi.platforms.kubernetes.providers.load_balancer import LoadBalancerProvider
from consul_on_pulumi.platforms.kubernetes.providers.namespace_end import NamespaceEndProvider
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDownProvider
from consul_on_pulumi.platforms.kubernetes.providers.voters import VotersProvider

from tests.doubles.fake_kubernetes import FakeKubernetes
from tests.doubles.scripted_servers import NAMES, ScriptedServers
from tests.platforms.kubernetes.test_client_rollout import deployment
from tests.platforms.kubernetes.test_client_rollout import props as client_props
from tests.platforms.kubernetes.test_scale_down import props as scale_props
from tests.platforms.kubernetes.test_server_rollout import props

QUOTA = 'pods "dev-server-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2'
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
SERVICE = "/api/v1/namespaces/dev/services/dev-ui"


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    """A cluster with two classes of storage, where waiting takes a minute and giving up early a moment."""
    with FakeKubernetes() as running:
        running.is_the_current(monkeypatch, tmp_path)
        running.objects["/api/v1/namespaces/dev"] = {"metadata": {"name": "dev"}}
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        running.objects[CLASSES] = {
            "items": [{"metadata": {"name": "standard", "annotations": default}}, {"metadata": {"name": "fast"}}]
        }
        running.objects["/api/v1/persistentvolumes"] = {"items": []}
        monkeypatch.setattr(pod_readiness, "TIMEOUT", 60.0)
        monkeypatch.setattr(pod_readiness, "UNRECOVERABLE_TIMEOUT", 0.05)
        for module in (pod_readiness, client_rollout, load_balancer):
            monkeypatch.setattr(module, "INTERVAL", 0.01)
        yield running


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, kubernetes: FakeKubernetes) -> ScriptedServers:
    """Server 1 does not run."""
    scripted = ScriptedServers()
    scripted.down.add(NAMES[1])
    monkeypatch.setattr(voters, "Servers", lambda *_: scripted)
    return scripted


def stopped(provider: Any, inputs: dict[str, Any]) -> str:
    began = time.monotonic()
    with pytest.raises(RolloutStoppedError) as caught:
        provider.create(inputs)
    assert time.monotonic() - began < 10
    return str(caught.value)


def test_b11_a_quota_that_forbids_the_pod_of_a_server(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    del kubernetes.pods[NAMES[1]]
    kubernetes.events = [{"reason": "FailedCreate", "message": QUOTA, "lastTimestamp": "2026-01-01T00:00:00Z"}]

    assert stopped(VotersProvider(), props()).startswith(f"dev-server-1 has no pod (FailedCreate: {QUOTA})")


def test_b11_a_quota_that_forbids_the_pods_of_clients(kubernetes: FakeKubernetes) -> None:
    deployment(kubernetes, updatedReplicas=0, availableReplicas=0)
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": QUOTA}
    kubernetes.workloads["deployments/dev-client"]["status"]["conditions"] = [failure]

    assert QUOTA in stopped(ClientRolloutProvider(), client_props())


def test_b11_a_claim_that_gets_no_volume(servers: ScriptedServers, kubernetes: FakeKubernetes) -> None:
    reason = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims"
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": reason}
    kubernetes.pods[NAMES[1]]["status"] = {"conditions": [unscheduled]}
    lost = 'storageclass.storage.k8s.io "nope" not found'
    kubernetes.events = [{"reason": "ProvisioningFailed", "message": lost, "lastTimestamp": "2026-01-01T00:00:00Z"}]

    assert f"Unschedulable: {reason}; data-dev-server-1: ProvisioningFailed: {lost}" in stopped(
        VotersProvider(), props()
    )


def refused(**needs: Any) -> list[str]:
    """What the preview of a new cluster refuses."""
    news = scale_props(3, **{"namespace_exists": True, "storage_class": "", **needs})
    return [failure.reason for failure in ScaleDownProvider().check({}, news).failures]


def test_b11_what_exists_is_accepted(kubernetes: FakeKubernetes) -> None:
    assert refused() == refused(storage_class="fast") == []
    assert ClientRolloutProvider().check({}, client_props(namespace_exists=True)).failures == []


def test_b11_a_namespace_that_does_not_exist_is_refused_in_the_preview(kubernetes: FakeKubernetes) -> None:
    del kubernetes.objects["/api/v1/namespaces/dev"]

    (reason,) = refused()
    (of_clients,) = ClientRolloutProvider().check({}, client_props(namespace_exists=True)).failures

    assert reason == of_clients.reason
    assert reason.startswith("platform.kubernetes.namespace: expected a namespace that exists, got dev")
    assert refused(namespace_exists=False) == []


def test_b11_a_storage_class_that_does_not_exist_is_refused_in_the_preview(kubernetes: FakeKubernetes) -> None:
    assert refused(storage_class="nope") == [
        "platform.kubernetes.storage.storage_class: expected a StorageClass that exists (fast, standard), got nope"
    ]


def test_b11_a_missing_default_storage_class_is_refused_in_the_preview(kubernetes: FakeKubernetes) -> None:
    kubernetes.objects[CLASSES] = {"items": [{"metadata": {"name": "fast"}}]}

    (reason,) = refused()

    assert reason.startswith(
        "platform.kubernetes.storage.storage_class: required, since this Kubernetes cluster has no"
    )


@pytest.mark.parametrize("storage_class", ["by-hand", ""])
def test_b11_volumes_that_somebody_made_need_no_storage_class(kubernetes: FakeKubernetes, storage_class: str) -> None:
    kubernetes.objects[CLASSES] = {"items": []}
    volume = {"spec": {"storageClassName": storage_class} if storage_class else {}}
    kubernetes.objects["/api/v1/persistentvolumes"] = {"items": [volume]}

    assert refused(storage_class=storage_class) == []


def test_b11_an_account_that_may_not_look_is_not_refused(kubernetes: FakeKubernetes, warned: list[str]) -> None:
    kubernetes.refusals["GET", CLASSES] = (403, "storageclasses is forbidden")

    assert refused(storage_class="nope") == []
    assert "storageclasses is forbidden" in warned[0]


def service(kubernetes: FakeKubernetes, *managers: str, **status: Any) -> dict[str, Any]:
    """A Service of type LoadBalancer; returns the properties of the resource that waits for its address."""
    fields = [{"manager": manager} for manager in ("pulumi-kubernetes", *managers)]
    kubernetes.objects[SERVICE] = {"metadata": {"managedFields": fields}, "status": {"loadBalancer": status}}
    return {"cluster": "_", "namespace": "dev", "service": "dev-ui", "revision": 1}


def test_b11_a_load_balancer_without_a_controller(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_balancer, "NOTICED", 0.05)

    message = stopped(LoadBalancerProvider(), service(kubernetes))

    assert message.startswith("Service dev/dev-ui of type LoadBalancer: no controller gives it an address")
    assert "platform.kubernetes.ui.type" in message


def test_b11_a_load_balancer_whose_controller_fails(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_balancer, "NOTICED", 0.05)
    monkeypatch.setattr(load_balancer, "TIMEOUT", 0.3)
    kubernetes.events = [{"reason": "SyncFailed", "message": "no quota", "lastTimestamp": "2026-01-01T00:00:00Z"}]

    message = stopped(LoadBalancerProvider(), service(kubernetes, "cloud-controller-manager"))

    assert "has no address after" in message
    assert "(SyncFailed: no quota)" in message


@pytest.mark.parametrize("entry", [{"ip": "203.0.113.7"}, {"hostname": "lb.example.com"}])
def test_the_address_of_a_load_balancer_is_read_and_followed(kubernetes: FakeKubernetes, entry: dict[str, str]) -> None:
    inputs = service(kubernetes, ingress=[entry])

    outs = LoadBalancerProvider().create(inputs).outs

    assert outs["address"] in entry.values()
    assert LoadBalancerProvider().diff("id", outs, inputs).changes is False
    service(kubernetes, ingress=[{"ip": "203.0.113.8"}])
    assert LoadBalancerProvider().diff("id", outs, inputs).changes is True


def test_a_service_that_was_created_again_is_waited_for_again(kubernetes: FakeKubernetes) -> None:
    inputs = service(kubernetes, ingress=[{"ip": "203.0.113.7"}])
    kubernetes.objects[SERVICE]["metadata"]["uid"] = "first"
    outs = dict(LoadBalancerProvider().create(inputs).outs or {})

    assert LoadBalancerProvider().diff("id", outs, inputs).changes is False
    service(kubernetes)
    assert LoadBalancerProvider().diff("id", outs, inputs).changes is False
    kubernetes.objects[SERVICE]["metadata"]["uid"] = "second"
    assert LoadBalancerProvider().diff("id", outs, inputs).changes is True
    # A state of an earlier release has none.
    assert LoadBalancerProvider().diff("id", {**outs, "uid": None}, inputs).changes is False


END = {"cluster": "_", "namespace": "dev", "revision": 1}
KEPT = "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances"


def ending(kubernetes: FakeKubernetes, *conditions: str) -> None:
    """The namespace was deleted and is not gone."""
    listed = [{"type": kind, "status": "True", "message": KEPT} for kind in conditions]
    metadata = {"name": "dev", "deletionTimestamp": "2026-11-26T17:00:00Z"}
    kubernetes.objects["/api/v1/namespaces/dev"] = {"metadata": metadata, "status": {"conditions": listed}}


def test_b11_a_finalizer_that_keeps_the_namespace_is_named(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace_end, "KEPT_TIMEOUT", 0.05)
    ending(kubernetes, "NamespaceFinalizersRemaining")

    with pytest.raises(RolloutStoppedError, match="Namespace dev is being deleted and still exists") as caught:
        NamespaceEndProvider().delete("dev", END)

    assert f"({KEPT}). Delete what keeps it" in str(caught.value)


def test_b11_a_namespace_with_pods_that_end_is_waited_for(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace_end, "KEPT_TIMEOUT", 0.0)
    monkeypatch.setattr(namespace_end.time, "sleep", lambda _seconds: kubernetes.objects.clear())
    ending(kubernetes, "NamespaceContentRemaining")

    NamespaceEndProvider().delete("dev", END)

    assert kubernetes.objects == {}


def test_a_new_namespace_of_the_same_name_is_not_waited_for(kubernetes: FakeKubernetes) -> None:
    NamespaceEndProvider().delete("dev", END)

"""The servers of another StatefulSet, as Consul's Helm chart makes one, are taken over while they are written to."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from operator import eq
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.load import Writer
from tests.e2e import consul
from tests.e2e.engine import RUN
from tests.e2e.lone_consul import IMAGE
from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.stack import PodCluster, stood_up

pytestmark = pytest.mark.e2e

NAME = "consul-server"
CONFIGURATION = ["-server", "-bootstrap-expect=3", "-client=0.0.0.0", "-data-dir=/consul/data"]


def manifests(namespace: str) -> list[dict[str, Any]]:
    """What the chart's server templates come down to: the same names, and servers that leave when their pods end."""
    labels = {"app": "consul", "component": "server"}
    metadata = {"name": NAME, "namespace": namespace, "labels": labels}
    join = f"-retry-join={NAME}.{namespace}.svc"
    command = ["consul", "agent", *CONFIGURATION, join, "-advertise=$(POD_IP)", "-node=$(POD_NAME)"]
    fields = {"POD_IP": "status.podIP", "POD_NAME": "metadata.name"}
    container = {
        "name": "consul",
        "image": IMAGE,
        "command": [*command, "-hcl=leave_on_terminate = true"],
        "env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()],
        "volumeMounts": [{"name": "data", "mountPath": "/consul/data"}],
        "readinessProbe": {
            "exec": {"command": ["/bin/sh", "-ec", "wget -q -O - http://127.0.0.1:8500/v1/status/leader | grep -q :"]},
            "periodSeconds": 3,
        },
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": True,
                "selector": labels,
                "ports": [{"name": "http", "port": 8500}],
            },
        },
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": metadata,
            "spec": {
                "serviceName": NAME,
                "replicas": 3,
                "podManagementPolicy": "Parallel",
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
            },
        },
    ]


@contextmanager
def of_the_chart(kubectl: Kubectl) -> Iterator[str]:
    """The namespace with the servers."""
    namespace = f"chart-{RUN}-{secrets.token_hex(2)}"
    kubectl.apply(*manifests(namespace))
    try:
        yield namespace
    finally:
        kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=120s")


def voters(made: PodCluster) -> int:
    """How many there are."""
    return len(consul.voters(made.addresses()[0]))


def test_the_servers_of_a_chart_are_taken_over_without_a_restart_and_without_a_lost_write(
    kubernetes: Path, tmp_path: Path
) -> None:
    kubectl = Kubectl(kubernetes)
    with of_the_chart(kubectl) as old:

        def pods() -> dict[str, str]:
            found = kubectl.get("pods", "--namespace", old)["items"]
            return {one["metadata"]["name"]: one["status"].get("podIP", "") for one in found}

        def restarts() -> list[int]:
            found = kubectl.get("pods", "--namespace", old)["items"]
            return [status["restartCount"] for one in found for status in one["status"]["containerStatuses"]]

        def leaders() -> set[str]:
            addresses = pods().values()
            return consul.leaders([f"http://{one}:8500" for one in addresses]) if all(addresses) else {""}

        eventually("a leader", leaders, lambda found: len(found) == 1 and "" not in found, within=120)
        target = f"http://{pods()[f'{NAME}-0']}:8500"
        consul.put(target, "app/there", "before")
        settings = {"servers": 3, "join": [f"{NAME}.{old}.svc"], "seeds": {"app": {"there": "before", "name": "web"}}}
        with stood_up(tmp_path, f"over-{RUN}", kubernetes, settings) as made:
            with Writer("load", lambda: target) as writer:
                made.up()
                joined = consul.voters(made.addresses()[0])
                before = restarts()
                target = made.addresses()[0]
                for left in (2, 1, 0):
                    kubectl("scale", "statefulset", NAME, "--namespace", old, f"--replicas={left}")
                    eventually(f"{3 + left} voters", partial(voters, made), partial(eq, 3 + left), within=120)
            report = writer.report
            print(report)
            made.change(join=None)
            made.up()
            made.all_vote(3)

            assert sorted(joined) == sorted([*(f"{NAME}-{number}" for number in range(3)), *made.uids()])
            assert before == [0, 0, 0]
            base = made.addresses()[0]
            stored = consul.everything(base)
            assert report.lost(stored.get) == []
            assert report.gap < 3
            assert stored["app/name"] == "web"
            assert not set(made.preview()) - {"same"}

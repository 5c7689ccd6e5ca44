"""Faults and changes of a cluster on Kubernetes, and what its writers saw of them."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubernetes import client, config

from tests.chaos.load import Follower, Report, Writer
from tests.chaos.scenarios import OTHER_IMAGE
from tests.e2e import consul, engine
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster
from tools.kubernetes import images, layout
from tools.kubernetes.isolation import Group


class PodWatch(threading.Thread):
    """Lists the servers' pods again and again while the `with` block runs: a recreated pod has another address."""

    def __init__(self, stack: PodCluster) -> None:
        super().__init__(daemon=True)
        made = config.new_client_from_config(config_file=stack.env["KUBECONFIG"])
        self._api, self._namespace = client.CoreV1Api(made), stack.name
        self._ended = threading.Event()
        self.addresses: Mapping[str, str] = {}
        self.fewest = 99
        """The lowest number of ready pods that was seen."""

    def __enter__(self) -> "PodWatch":
        self._list()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.1):
            self._list()

    def servers(self) -> Mapping[str, str]:
        """Base URL of each server's HTTP API by its Raft address."""
        return self.addresses

    def _list(self) -> None:
        pods = self._api.list_namespaced_pod(self._namespace, label_selector="app.kubernetes.io/component=server").items
        hosts = [pod.status.pod_ip for pod in pods if pod.status.pod_ip]
        self.addresses = {f"{host}:8300": f"http://{host}:8500" for host in hosts}
        ready = [one for pod in pods for one in pod.status.conditions or [] if one.type == "Ready"]
        self.fewest = min(self.fewest, sum(one.status == "True" for one in ready))


@contextmanager
def written_to(stack: PodCluster, prefix: str) -> Iterator[tuple[Report, PodWatch]]:
    """A writer that follows the leader while the block runs."""
    with PodWatch(stack) as seen, Follower(seen.servers) as follower, Writer(prefix, follower.leader) as writer:
        time.sleep(0.5)
        yield writer.report, seen
        time.sleep(0.5)


def delete_leader(stack: PodCluster, prefix: str) -> tuple[Report, float]:
    """Delete the leader's pod under load. Returns the report, and the seconds until all servers vote again. The writer
    uses another server."""
    (leader,) = consul.leaders(stack.addresses())
    host = leader.rpartition(":")[0]
    name = next(pod for pod, address in stack.pods("server").items() if address == host)
    before = stack.uids()[name]
    other = next(base for base in stack.addresses() if base != f"http://{host}:8500")
    with Writer(prefix, lambda: other) as writer:
        time.sleep(0.5)
        began = time.monotonic()
        stack.kubectl("delete", "pod", name, "--namespace", stack.name, "--wait=false")
        eventually("another pod", stack.uids, lambda uids: uids.get(name, before) != before, 120)
        stack.all_vote(3, within=180)
        took = time.monotonic() - began
        time.sleep(0.3)
    return writer.report, took


def delete_all(stack: PodCluster) -> float:
    """Delete every server's pod at once. Returns the seconds until all servers vote again."""
    before, began = stack.uids(), time.monotonic()
    stack.kubectl("delete", "pods", "--all", "--namespace", stack.name, "--wait=false")
    eventually("new pods", stack.uids, lambda now: len(now) == 3 and not now.items() & before.items(), 180)
    stack.all_vote(3, within=300)
    return time.monotonic() - began


def up(stack: PodCluster, prefix: str) -> tuple[Report, PodWatch, float]:
    """Run `pulumi up` under load. Returns the report, the watch of the pods, and the seconds of `up`."""
    with written_to(stack, prefix) as (report, seen):
        began = time.monotonic()
        stack.up()
        took = time.monotonic() - began
    return report, seen, took


def other_image() -> str:
    """Give the image another name on every node that runs as plain processes."""
    for node in layout.nodes():
        images.ctr(
            Group(node.folder, network=node.namespace), "images", "tag", images.CONSUL, f"docker.io/{OTHER_IMAGE}"
        )
    return OTHER_IMAGE


def bring(image: str) -> None:
    """Copy an image of the Docker engine to every node that runs as plain processes."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "image.tar"
        engine.docker("save", "--output", str(archive), image)
        for node in layout.nodes():
            images.load(Group(node.folder, network=node.namespace), archive)


OF_KUBERNETES = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
"""What every namespace has."""


def orphans(stack: PodCluster) -> list[str]:
    """The cluster's namespace, and objects in it that somebody created, as far as they are not in its state."""
    kinds = "statefulsets,deployments,services,configmaps,secrets,serviceaccounts,poddisruptionbudgets,ingresses"
    found = stack.kubectl("get", kinds, "--namespace", stack.name, "--output=name", "--ignore-not-found").split()
    found += stack.kubectl("get", "namespace", stack.name, "--output=name", "--ignore-not-found").split()
    known = stack.physical_names()
    return [one for one in found if one not in OF_KUBERNETES and one.partition("/")[2] not in known]


def succeeds(stack: PodCluster, *words: str) -> bool:
    """Whether a command of kubectl ends well."""
    return subprocess.run([*stack.kubectl.command, *words], capture_output=True, check=False).returncode == 0

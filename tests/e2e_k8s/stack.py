"""One stack of the real program on the real engine, in a Kubernetes cluster for tests."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e import consul
from tests.e2e.cluster import OPEN, Cluster, new_stack
from tests.e2e.waiting import eventually
from tests.e2e_k8s import traces
from tests.e2e_k8s.kubectl import Kubectl
from tools.kubernetes import cluster as cluster_of_machine
from tools.kubernetes import layout


class PodCluster(Cluster):
    """A stack whose agents are pods in a namespace with the name of the cluster."""

    kubectl: Kubectl

    def pods(self, tier: str) -> dict[str, str]:
        """Name to address of the pods of one tier that are running."""
        return {pod["metadata"]["name"]: pod["status"].get("podIP", "") for pod in self.items(tier)}

    def addresses(self, tier: str = "server") -> list[str]:
        """Base URL of each pod's API, reachable from this machine."""
        return [f"http://{address}:8500" for _, address in sorted(self.pods(tier).items())]

    def service(self, name: str) -> str:
        """Base URL of a service's first port."""
        spec = self.kubectl.get("service", name, "--namespace", self.name)["spec"]
        return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def all_vote(self, count: int, within: float = 120) -> None:
        """Wait until every server reports the same leader, and all of them as voters."""
        wanted = [f"{self.name}-server-{ordinal}" for ordinal in range(count)]

        def agreed() -> bool:
            bases = self.addresses()
            leaders = consul.leaders(bases)
            return (
                len(bases) == count
                and len(leaders) == 1
                and "" not in leaders
                and all(sorted(consul.voters(base)) == wanted for base in bases)
            )

        eventually(f"{count} voters of {self.name}", agreed, bool, within)

    def all_ready(self, count: int, within: float = 120) -> None:
        """Wait until this many pods of servers are ready: their probe must succeed several times."""

        def ready() -> int:
            conditions = [one for pod in self.items("server") for one in pod["status"].get("conditions", [])]
            return sum(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

        eventually(f"{count} ready servers of {self.name}", ready, lambda found: found == count, within)

    def uids(self) -> dict[str, str]:
        """Name to uid of every server's pod."""
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.items("server")}

    def items(self, tier: str) -> Any:
        """The pods of one tier."""
        label = f"app.kubernetes.io/component={tier}"
        return self.kubectl.get("pods", "--namespace", self.name, "--selector", label)["items"]


@contextmanager
def of_our_own() -> Iterator[Path]:
    """The kubeconfig of a test cluster with three nodes, never the user's own: that may be production.

    A test cluster that runs already is used and keeps running. One that starts here is stopped and must leave nothing.
    """
    with open(Path(tempfile.gettempdir()) / f"{layout.NAME}-tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = cluster_of_machine.running() is not None
        try:
            cluster_of_machine.ours(nodes=3)
            yield layout.kubeconfig()
        finally:
            if not ran:
                cluster_of_machine.down(keep=False)
        assert ran or traces.left() == []


@contextmanager
def stood_up(folder: Path, name: str, kubeconfig: Path, settings: dict[str, Any]) -> Iterator[PodCluster]:
    """A cluster with its own backend, passphrase and namespace. At the end all of it is deleted."""
    stack = new_stack(folder, name, KUBECONFIG=str(kubeconfig))
    cluster = PodCluster(stack, OPEN | {"platform": {"kubernetes": {}}} | settings)
    cluster.kubectl = Kubectl(kubeconfig)
    try:
        yield cluster
    finally:
        # Nobody has to leave in good order.
        cluster.kubectl("delete", "pods", "--all", "--namespace", cluster.name, "--grace-period=1", "--wait=false")
        cluster.kubectl("delete", "namespace", cluster.name, "--ignore-not-found", "--wait=true", "--timeout=120s")

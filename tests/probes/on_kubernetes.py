"""The probes on Kubernetes: from a pod in another namespace, and by whoever may create pods beside the agents."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tests.e2e_k8s.stack import PodCluster, of_our_own, stood_up
from tests.probes import containment, generated, hiding, network
from tests.probes.probe import PATIENCE, Outcome, Probe, run, until

POLICY = "the NetworkPolicy, where the network of the cluster enforces policies"
PORTS = {8300: "Raft", 8301: "gossip", 8501: "the API", 8500: "the API by plain HTTP"}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class PodStranger:
    """A pod in a namespace of its own, with the service account that every pod gets."""

    def __init__(self, cluster: PodCluster) -> None:
        found = generated.of(cluster)
        self.cluster = cluster.name
        self.namespace = f"{cluster.name}-stranger"
        self.kubectl = cluster.kubectl
        self.servers = [address for _, address in sorted(cluster.pods("server").items())]
        self.gossip_key = found["Credentials"][0]["gossip_key"] if found else ""
        self.secrets = generated.secrets(found)
        self.stolen = generated.stolen(found, cluster.outputs["datacenter"])

    def sh(self, script: str) -> str:
        return self._printed("exec", "--stdin", "--namespace", self.namespace, "stranger", "--", "sh", script=script)

    def inside(self, script: str) -> str:
        pod = f"{self.cluster}-server-0"
        return self._printed("exec", "--stdin", "--namespace", self.cluster, pod, "--", "sh", script=script)

    def reaches(self, port: int) -> bool:
        """Whether the first server takes a connection to this port."""
        return "taken" in self.sh(f"nc -w 2 {self.servers[0]} {port} -e true && echo taken")

    def may(self, verb: str, what: str) -> bool:
        """Whether the service account of the stranger may do this in the namespace of the cluster."""
        account = f"system:serviceaccount:{self.namespace}:default"
        return self._printed("auth", "can-i", verb, what, "--namespace", self.cluster, "--as", account).strip() == "yes"

    def admitted(self, namespace: str, spec: dict[str, Any]) -> bool:
        """Whether the API server takes a pod with this specification."""
        pod = _pod("intruder", namespace, "hashicorp/consul:1.22.7", spec)
        done = subprocess.run(
            [*self.kubectl.command, "create", "--dry-run=server", "-f", "-"],
            input=json.dumps(pod), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    def _printed(self, *words: str, script: str = "") -> str:
        done = subprocess.run(
            [*self.kubectl.command, *words], input=script, capture_output=True, text=True, check=False, timeout=300
        )
        return done.stdout + done.stderr


def probed_in(folder: Path, name: str, settings: dict[str, Any]) -> Outcome:
    """What came of all probes on a new cluster in the test cluster of Kubernetes."""
    with of_our_own() as kubeconfig, stood_up(folder, name, kubeconfig, settings) as cluster:
        cluster.up()
        return probed(cluster)


def probed(cluster: PodCluster) -> Outcome:
    """Everything that is tried on a cluster. An open one does not survive it."""
    with stranger(cluster) as found:
        return run(
            chain(
                of_pods(cluster, found),
                containment.probes(found),
                hiding.probes(found.secrets, places(cluster, found)),
                behind_the_policies(cluster, found),
            ),
            is_closed=bool(found.secrets),
        )


@contextmanager
def stranger(cluster: PodCluster) -> Iterator[PodStranger]:
    """Starts the pod."""
    found, image = PodStranger(cluster), cluster.items("server")[0]["spec"]["containers"][0]["image"]
    cluster.kubectl("create", "namespace", found.namespace)
    try:
        cluster.kubectl.apply(_pod("stranger", found.namespace, image, {}))
        cluster.kubectl(
            "wait", "--namespace", found.namespace, "pod/stranger", "--for=condition=Ready", "--timeout=120s"
        )
        yield found
    finally:
        cluster.kubectl("delete", "namespace", found.namespace, "--wait=true", "--timeout=120s")


def of_pods(cluster: PodCluster, found: PodStranger) -> Iterator[Probe]:
    """What only Kubernetes has."""
    who, rights = "a pod in another namespace", "the service account of a pod has no rights elsewhere"
    beside, restricted = "who may create pods beside the agents", "the namespace enforces the restricted standard"
    pod = cluster.items("server")[0]["spec"]
    yield Probe(
        "code in an agent's container", "uses a token of Kubernetes", "no token is mounted",
        lambda: "done" in found.inside(f"test -e {TOKEN} && echo done"), always=True,
    )  # fmt: skip
    for verb, what in (("get", "secrets"), ("create", "pods"), ("create", "pods/exec"), ("delete", "statefulsets")):
        yield Probe(
            who, f"{verb}s {what} of the cluster", rights,
            lambda verb=verb, what=what: found.may(verb, what), always=True,  # type: ignore[misc]
        )  # fmt: skip
    for port, what in PORTS.items():
        yield Probe(who, f"reaches {what}", POLICY, partial(found.reaches, port), always=True)
    specs: list[tuple[str, dict[str, Any]]] = [
        ("mounts a folder of the node", {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
        ("uses the network of the node", {"hostNetwork": True}),
        ("sees the processes of the node", {"hostPID": True}),
        ("starts a privileged pod", {"containers": [{"securityContext": {"privileged": True}}]}),
    ]
    for tries, spec in specs:
        yield Probe(beside, tries, restricted, partial(found.admitted, cluster.name, spec), always=True)
    yield Probe(
        "code in an agent's container", "calls what seccomp forbids", "the profile RuntimeDefault",
        lambda: pod["securityContext"].get("seccompProfile", {}).get("type") != "RuntimeDefault", always=True,
    )  # fmt: skip


def behind_the_policies(cluster: PodCluster, found: PodStranger) -> Iterator[Probe]:
    """What strangers try in the network, beside a policy that lets everybody in: what the policies stop must be stopped
    behind them, too. It shows that nothing else stopped the pod before."""
    everything = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}
    cluster.kubectl.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "everybody", "namespace": cluster.name},
            "spec": everything,
        }
    )
    try:
        for port in (8300, 8301, 8501 if found.secrets else 8500):
            assert until(partial(found.reaches, port), PATIENCE), f"no policy stops port {port}, something else does"
        yield from network.probes(found)
    finally:
        cluster.kubectl("delete", "networkpolicy", "everybody", "--namespace", cluster.name)


def places(cluster: PodCluster, found: PodStranger) -> hiding.Places:
    """Where who may read objects that are no Secrets, or what the program writes, looks for secrets."""
    kubectl, namespace = cluster.kubectl, ("--namespace", cluster.name)
    seen, stops = "who may read objects", "secrets are in Secrets alone"

    def objects(kind: str) -> hiding.Places:
        where = f"{seen}: objects of the kind {kind}"
        return {where: (stops, lambda: json.dumps(kubectl.get(kind, *namespace)))}

    pods = [*cluster.pods("server"), *cluster.pods("client")]
    return {
        **objects("pods"),
        **objects("configmaps"),
        **objects("statefulsets"),
        **objects("events"),
        f"{seen}: the logs": ("Consul logs none", lambda: "".join(kubectl("logs", *namespace, one) for one in pods)),
        "code in an agent's container: the environment": (
            "secrets are files",
            lambda: "".join(kubectl("exec", *namespace, one, "--", "env") for one in pods),
        ),
        "who reads the state: the state, its copies and its history": (
            "secrets are encrypted",
            cluster.everything_stored,
        ),
        "who reads a build log: the output of an update": ("secrets are hidden", lambda: "".join(cluster.log)),
    }


def _pod(name: str, namespace: str, image: str, spec: dict[str, Any]) -> dict[str, Any]:
    container = {"name": "sh", "image": image, "command": ["sleep", "600"]}
    containers = [container | more for more in spec.get("containers", [{}])]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"terminationGracePeriodSeconds": 0, **spec, "containers": containers},
    }

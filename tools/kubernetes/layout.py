"""The addresses and the files of the cluster of plain processes."""

import os
from dataclasses import dataclass
from pathlib import Path

from tools import places
from tools.kubernetes.control_plane.api_server import ApiServer

SLOT_VARIABLE = "CONSUL_ON_PULUMI_SLOT"
# Number 0 is the cluster of `make k8s-up`. Each `make test` takes another number, so that none shares a cluster.
SLOT = int(os.environ.get(SLOT_VARIABLE, "0"))
SLOTS = range(1, 8)
_NODES, _PODS, _SERVICES = (f"10.{second - 3 * SLOT}" for second in (251, 252, 253))
NAME = f"consul-on-pulumi-{SLOT}" if SLOT else "consul-on-pulumi"
BRIDGE = f"consul-t{SLOT}" if SLOT else "consul-k8s"
NODES = f"{_NODES}.0.0/24"
HOST = f"{_NODES}.0.1"
PODS = f"{_PODS}.0.0/16"
SERVICES = f"{_SERVICES}.0.0/16"
FIRST_SERVICE = f"{_SERVICES}.0.1"
DNS_SERVICE = f"{_SERVICES}.0.10"
MOST_NODES = 9


@dataclass(frozen=True)
class Node:
    """One node; numbers begin with 1."""

    number: int

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        return f"node-{self.number}"

    @property
    def namespace(self) -> str:
        """The name of its network namespace, and of the interface on the machine that leads to it."""
        return f"{BRIDGE}-{self.number}"

    @property
    def address(self) -> str:
        """Its own address."""
        return f"{_NODES}.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The addresses of its pods."""
        return f"{_PODS}.{self.number}.0/24"

    @property
    def folder(self) -> Path:
        """Its files."""
        return folder() / "nodes" / self.name


def folder() -> Path:
    """All files of the cluster."""
    return places.state() / (f"test-cluster-{SLOT}" if SLOT else "kubernetes")


def kubeconfig() -> Path:
    """The administrator's kubeconfig, also of a cluster of kind."""
    return folder() / "kubeconfig"


def nodes() -> list[Node]:
    """All nodes that were started and not removed."""
    return [node for node in map(Node, range(1, MOST_NODES + 1)) if node.folder.is_dir()]


def api_server() -> ApiServer:
    """The API server. Only nodes, pods and this machine can reach its address."""
    return ApiServer(folder(), HOST, 6443, 2379, services=SERVICES, first_service=FIRST_SERVICE)

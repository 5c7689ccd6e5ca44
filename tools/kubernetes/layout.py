"""The addresses and the files of the cluster of plain processes."""

from dataclasses import dataclass
from pathlib import Path

from tools import places
from tools.kubernetes.control_plane.api_server import ApiServer

NAME = "consul-on-pulumi"
BRIDGE = "consul-k8s"
NODES = "10.251.0.0/24"
HOST = "10.251.0.1"
PODS = "10.252.0.0/16"
SERVICES = "10.253.0.0/16"
FIRST_SERVICE = "10.253.0.1"
DNS_SERVICE = "10.253.0.10"
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
        return f"10.251.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        """The addresses of its pods."""
        return f"10.252.{self.number}.0/24"

    @property
    def folder(self) -> Path:
        """Its files."""
        return folder() / "nodes" / self.name


def folder() -> Path:
    """All files of the cluster."""
    return places.state() / "kubernetes"


def kubeconfig() -> Path:
    """The administrator's kubeconfig, also of a cluster of kind."""
    return folder() / "kubeconfig"


def nodes() -> list[Node]:
    """All nodes that were started and not removed."""
    return [node for node in map(Node, range(1, MOST_NODES + 1)) if node.folder.is_dir()]


def api_server() -> ApiServer:
    """The API server. Only nodes, pods and this machine can reach its address."""
    return ApiServer(folder(), HOST, 6443, 2379, services=SERVICES, first_service=FIRST_SERVICE)

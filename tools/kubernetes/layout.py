"""Where the cluster of plain processes keeps what, and at which addresses."""

from dataclasses import dataclass
from pathlib import Path

from toolchain import places
from toolchain.kubernetes.api_server import ApiServer

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
    """One node, by its number from 1."""

    number: int

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        return f"node-{self.number}"

    @property
    def namespace(self) -> str:
        """Its network namespace and, on the machine's side, the end of its cable."""
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
        """What it keeps."""
        return folder() / "nodes" / self.name


def folder() -> Path:
    """Everything that the cluster keeps."""
    return places.state() / "kubernetes"


def volumes() -> Path:
    """The data of claims."""
    return folder() / "volumes"


def corefile() -> Path:
    """The settings of the DNS server."""
    return folder() / "Corefile"


def kubeconfig() -> Path:
    """The administrator's kubeconfig, of kind's cluster too."""
    return folder() / "kubeconfig"


def nodes() -> list[Node]:
    """All nodes that were ever started and not removed."""
    return [node for node in map(Node, range(1, MOST_NODES + 1)) if node.folder.is_dir()]


def api_server() -> ApiServer:
    """The API server, reachable from nodes, pods and this machine alone."""
    return ApiServer(
        folder(),
        HOST,
        6443,
        2379,
        services=SERVICES,
        first_service=FIRST_SERVICE,
        with_pods=True,
    )

"""The platforms on which the tests of the components run, and the expected resources of a cluster on each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.recording import CLUSTER_IPS, Build, document


@dataclass(frozen=True, kw_only=True)
class PlatformCase:
    """One platform with its settings in a stack file, and what to expect of a cluster called `dev` on it."""

    name: str
    cluster: Mapping[str, Any]
    """`platform` of a whole cluster."""
    tier: Mapping[str, Any]
    """`platform` of a single tier, in an existing network or namespace called `lan`."""
    package: str
    """The prefix of its resource types."""
    consul_access: Callable[[int, str], list[str]]
    """Number of servers, and name of the network or namespace, to the addresses that the program itself uses."""
    http: Callable[[int, int, str], list[str]]
    """The addresses of so many servers and clients, in the network or namespace with that name."""
    ui: Callable[[int, str], list[str]]
    dns: Callable[[int, int], list[str]]
    client_ui: Callable[[str], str]
    join: Callable[[Sequence[str], str], list[str]]
    """The `retry_join` list for these servers."""
    updated: Callable[[str, int], set[str]]
    """Logical names of the resources that exist when all servers of a tier are updated."""
    ready: Callable[[str, int], set[str]]
    """Logical names of the resources that exist when all servers of a tier are running."""
    data: Callable[[str], str]
    """Logical name of the resource that exists as long as the servers' data."""
    agents: Callable[[Build, str], int]
    """The number of agents in a tier."""
    document: Callable[[Build, str], dict[str, Any]]
    """The configuration that all agents of a tier share."""
    arguments: Callable[[Build, str], list[str]]
    """The command line arguments of the agents of a tier."""
    object_names: Callable[[Build, str], list[str]]
    """The names of a tier's containers, or of its workload."""
    fixed: Mapping[str, str]
    """The settings that cannot change after the creation of a cluster."""
    location: Mapping[str, str]
    """Where its data is."""

    def __str__(self) -> str:
        return self.name


def _ports(first: int, servers: int, clients: int = 0) -> list[int]:
    return [first + position for position in (*range(servers), *range(7, 7 + clients))]


def _containers(seen: Build, tier: str) -> list[Any]:
    return [one for one in seen.of("Container") if one.name.startswith(f"{tier}-")]


def _workload(seen: Build, tier: str) -> Any:
    (found,) = [
        one for kind in ("StatefulSet", "Deployment", "DaemonSet") for one in seen.of(kind) if one.parent == tier
    ]
    return found


def _config(seen: Build, tier: str) -> dict[str, Any]:
    (found,) = [one for one in seen.of("ConfigMap") if one.parent == tier]
    parsed: dict[str, Any] = json.loads(found.inputs["data"]["agent.json"])
    return parsed


DOCKER = PlatformCase(
    name="docker",
    cluster={"docker": {"subnet": "172.30.0.0/24", "http_port": 8500, "dns_port": 8600}},
    tier={"docker": {"subnet": "172.30.0.0/24", "network": "lan", "http_port": 8500, "dns_port": 8600}},
    package="docker:",
    consul_access=lambda servers, _network: [
        f"http+docker://dev-server-{ordinal}:{port}" for ordinal, port in enumerate(_ports(8500, servers))
    ],
    http=lambda servers, clients, _network: [f"http://127.0.0.1:{port}" for port in _ports(8500, servers, clients)],
    ui=lambda servers, _network: [f"http://127.0.0.1:{port}/ui/" for port in _ports(8500, servers)],
    dns=lambda servers, clients: [f"127.0.0.1:{port}" for port in _ports(8600, servers, clients)],
    client_ui=lambda _network: "http://127.0.0.1:8507/ui/",
    join=lambda servers, _network: [*servers, "dev-server"],
    updated=lambda tier, servers: {f"{tier}-{ordinal}-peer" for ordinal in range(servers)},
    ready=lambda tier, _servers: {f"{tier}-voters"},
    data=lambda tier: f"{tier}-0-gate",
    agents=lambda seen, tier: len(_containers(seen, tier)),
    document=lambda seen, tier: document(seen[f"{tier}-0"]),
    arguments=lambda seen, tier: list(seen[f"{tier}-0"].inputs["command"]),
    object_names=lambda seen, tier: [one.inputs["name"] for one in _containers(seen, tier)],
    fixed={"docker.subnet": "172.30.0.0/24"},
    location={"platform": "docker", "cluster": "dev"},
)

KUBERNETES = PlatformCase(
    name="kubernetes",
    cluster={"kubernetes": {}},
    tier={"kubernetes": {"namespace": "lan"}},
    package="kubernetes:",
    consul_access=lambda servers, namespace: [
        f"http+kubernetes://_/{namespace}/dev-server-{ordinal}:8500" for ordinal in range(servers)
    ],
    http=lambda servers, clients, namespace: [
        *(f"http://dev-server-{ordinal}.dev-server.{namespace}.svc:8500" for ordinal in range(servers)),
        *([f"http://dev-client.{namespace}.svc:8500"] if clients else []),
    ],
    ui=lambda _servers, namespace: [f"http://dev-ui.{namespace}.svc/ui/"],
    dns=lambda servers, clients: [
        *([f"{CLUSTER_IPS['dev-dns']}:53"] if servers else []),
        *([f"{CLUSTER_IPS['dev-client-dns']}:53"] if clients else []),
    ],
    client_ui=lambda namespace: f"http://dev-client.{namespace}.svc:8500/ui/",
    join=lambda servers, namespace: [
        *(f"{server}.dev-server.{namespace}.svc" for server in servers),
        f"dev-server.{namespace}.svc",
    ],
    updated=lambda tier, _servers: {f"{tier}-rollout"},
    ready=lambda tier, _servers: {f"{tier}-voters"},
    data=lambda tier: f"{tier}-stateful-set",
    agents=lambda seen, tier: int(_workload(seen, tier).inputs["spec"]["replicas"]),
    document=_config,
    arguments=lambda seen, tier: list(
        _workload(seen, tier).inputs["spec"]["template"]["spec"]["containers"][0]["args"]
    ),
    object_names=lambda seen, tier: [_workload(seen, tier).inputs["metadata"]["name"]],
    fixed={"kubernetes.namespace": "of its own", "kubernetes.storage.storage_class": "the default"},
    location={"platform": "kubernetes", "cluster": "dev", "namespace": "dev", "kubernetes_cluster": "_"},
)

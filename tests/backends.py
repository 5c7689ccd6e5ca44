"""The backends that every wiring test runs on, and what the same cluster looks like on each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.recording import CLUSTER_IPS, Build, document


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One way to place agents, as a stack file spells it; its clusters are called `dev`."""

    name: str
    cluster: Mapping[str, Any]
    """Platform args of a whole cluster."""
    tier: Mapping[str, Any]
    """Platform args of a tier alone, on ground called `lan`."""
    package: str
    """What the types of its resources begin with."""
    consul_access: Callable[[int, str], list[str]]
    """Where the program reaches so many servers, on ground of that name."""
    http: Callable[[int, int, str], list[str]]
    """The addresses told of so many servers and clients, on ground of that name."""
    ui: Callable[[int, str], list[str]]
    dns: Callable[[int, int], list[str]]
    client_ui: Callable[[str], str]
    join: Callable[[Sequence[str], str], list[str]]
    """The names under which agents look for these servers."""
    updated: Callable[[str, int], set[str]]
    """Logical names of what tells that none of so many servers is older than described."""
    ready: Callable[[str, int], set[str]]
    """Logical names of what tells that so many servers run, in a tier with that logical name."""
    data: Callable[[str], str]
    """Logical name of what lives as long as the servers' data."""
    agents: Callable[[Build, str], int]
    """How many agents a tier has."""
    document: Callable[[Build, str], dict[str, Any]]
    """The configuration that all agents of a tier share."""
    arguments: Callable[[Build, str], list[str]]
    """What the agents of a tier are started with."""
    object_name: Callable[[Build, str], list[str]]
    """The physical names of a tier's agents, or of the workload that names them."""
    fixed: Mapping[str, str]
    """What of the placement no living cluster survives a change of."""

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


DOCKER = Backend(
    name="docker",
    cluster={"docker": {"subnet": "172.30.0.0/24", "http_port": 8500, "dns_port": 8600}},
    tier={"docker": {"subnet": "172.30.0.0/24", "network": "lan", "http_port": 8500, "dns_port": 8600}},
    package="docker:",
    consul_access=lambda servers, _ground: [f"http://127.0.0.1:{port}" for port in _ports(8500, servers)],
    http=lambda servers, clients, _ground: [f"http://127.0.0.1:{port}" for port in _ports(8500, servers, clients)],
    ui=lambda servers, _ground: [f"http://127.0.0.1:{port}/ui/" for port in _ports(8500, servers)],
    dns=lambda servers, clients: [f"127.0.0.1:{port}" for port in _ports(8600, servers, clients)],
    client_ui=lambda _ground: "http://127.0.0.1:8507/ui/",
    join=lambda servers, _ground: [*servers, "dev-server"],
    updated=lambda tier, servers: {f"{tier}-{ordinal}-peer" for ordinal in range(servers)},
    ready=lambda tier, servers: {f"{tier}-{ordinal}-peer" for ordinal in range(servers)},
    data=lambda tier: f"{tier}-0-data",
    agents=lambda seen, tier: len(_containers(seen, tier)),
    document=lambda seen, tier: document(seen[f"{tier}-0"]),
    arguments=lambda seen, tier: list(seen[f"{tier}-0"].inputs["command"]),
    object_name=lambda seen, tier: [one.inputs["name"] for one in _containers(seen, tier)],
    fixed={"docker.subnet": "172.30.0.0/24"},
)

KUBERNETES = Backend(
    name="kubernetes",
    cluster={"kubernetes": {}},
    tier={"kubernetes": {"namespace": "lan"}},
    package="kubernetes:",
    consul_access=lambda servers, shared_resources: [
        f"http+kubernetes://_/{shared_resources}/dev-server-{ordinal}:8500" for ordinal in range(servers)
    ],
    http=lambda servers, clients, shared_resources: [
        *(f"http://dev-server-{ordinal}.dev-server.{shared_resources}.svc:8500" for ordinal in range(servers)),
        *([f"http://dev-client.{shared_resources}.svc:8500"] if clients else []),
    ],
    ui=lambda _servers, shared_resources: [f"http://dev-ui.{shared_resources}.svc/ui/"],
    dns=lambda servers, clients: [
        *([f"{CLUSTER_IPS['dev-dns']}:53"] if servers else []),
        *([f"{CLUSTER_IPS['dev-client-dns']}:53"] if clients else []),
    ],
    client_ui=lambda shared_resources: f"http://dev-client.{shared_resources}.svc:8500/ui/",
    join=lambda servers, shared_resources: [
        *(f"{server}.dev-server.{shared_resources}.svc" for server in servers),
        f"dev-server.{shared_resources}.svc",
    ],
    updated=lambda tier, _servers: {f"{tier}-rollout"},
    ready=lambda tier, _servers: {f"{tier}-voters"},
    data=lambda tier: f"{tier}-stateful-set",
    agents=lambda seen, tier: int(_workload(seen, tier).inputs["spec"]["replicas"]),
    document=_config,
    arguments=lambda seen, tier: list(
        _workload(seen, tier).inputs["spec"]["template"]["spec"]["containers"][0]["args"]
    ),
    object_name=lambda seen, tier: [_workload(seen, tier).inputs["metadata"]["name"]],
    fixed={"kubernetes.namespace": "of its own", "kubernetes.storage.storage_class": "the default"},
)

"""What agents are configured with where nobody sets anything, and what nobody can set."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.desired import agent, agent_keys, naming
from components.desired.topology import Role, Topology
from components.placement.contract import AgentGroup
from components.placement.docker.placement import DockerPlacement
from components.placement.kubernetes import configuration
from components.placement.kubernetes.placement import KubernetesPlacement
from components.placement.kubernetes.settings import KubernetesArgs
from components.placement.kubernetes.tier import Tier
from components.server import DEFAULT_IMAGE

AGENTS = """\
## Agent configuration

`agent_config`, `server_config` and `client_config` take Consul's own keys, those of Consul 1.20 without the deprecated
ones. They are merged over the documents below, map by map. These keys the program answers for, so they are refused:
"""


def described() -> Iterator[str]:
    """The parts of the page about agent configuration."""
    yield AGENTS + "\n" + _owned()
    topology = Topology(cluster="NAME", datacenter="dc1", servers=3, clients=1)
    on_docker = DockerPlacement({"subnet": "172.30.0.0/24"}).surroundings()
    server, client = (agent.document(topology, role, on_docker, {}) for role in Role)
    yield f"A server on Docker, in a cluster of three that is called NAME:\n\n{_json(server)}"
    others = {key: value for key, value in client.items() if server.get(key) != value}
    without = ", ".join(f"`{key}`" for key in sorted(server.keys() - client.keys()))
    yield f"A client has no {without}, and these:\n\n{_json(others)}"
    pod = _first_pod(topology)
    yield (
        "On Kubernetes these differ. Each server has a `retry_join` of its own, without its own name; this is that of\n"
        f"the first:\n\n{_json({key: pod[key] for key in pod if pod[key] != server[key]})}"
    )


def _owned() -> str:
    rows = "\n".join(f"| `{key}` | {why} |" for key, why in agent_keys.OWNED.items())
    secret = ", ".join(f"`{key}`" for key in agent_keys.SECRET)
    return (
        f"| key | why |\n|---|---|\n{rows}\n\n"
        f"Refused too, since everybody who may inspect a container or a pod would read them:\n{secret}. "
        "They belong into a file of `agent_secrets`."
    )


def _first_pod(topology: Topology) -> dict[str, Any]:
    """What the first server on Kubernetes reads, from all files that it is given."""
    settings: KubernetesArgs = {"namespace": "NAMESPACE"}
    around = KubernetesPlacement(settings).surroundings()
    document = agent.document(topology, Role.SERVER, around, {})
    group = AgentGroup(topology=topology, role=Role.SERVER, image=DEFAULT_IMAGE, document=document)
    files = configuration.documents(Tier("", group, settings), around.domain)
    own = f"{naming.node(topology.cluster, Role.SERVER, 0)}.json"
    return {key: value for file in (configuration.AGENT, own) for key, value in json.loads(files[file]).items()}


def _json(document: Mapping[str, Any]) -> str:
    return f"```json\n{json.dumps(document, indent=2, sort_keys=True)}\n```"

"""The agent configuration where no setting changes it, and the keys that no setting may change."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.model import agent, naming
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.kubernetes.objects import configuration
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.platforms.kubernetes.tier import Tier
from consul_on_pulumi.releases import agent_keys
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

AGENTS = """\
## Agent configuration

`agent_config`, `server_config` and `client_config` take Consul's own keys, those of the release that runs without the
deprecated ones. They are merged over the documents below, map by map. The program sets these keys itself and refuses
them:
"""


def described() -> Iterator[str]:
    """The parts of the page about agent configuration."""
    yield AGENTS + "\n" + _owned()
    topology = Topology(cluster="NAME", datacenter="dc1", servers=3, clients=1)
    traits = choose({"docker": {"subnet": "172.30.0.0/24"}}).traits()
    server, client = (agent.document(topology, role, traits, {}) for role in Role)
    yield f"A server on Docker, in a cluster of three with the name NAME:\n\n{_json(server)}"
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
        f"Refused too, since everybody who may inspect a container or a pod could read them:\n{secret}. "
        "Put them into a file of `agent_secrets`."
    )


def _first_pod(topology: Topology) -> dict[str, Any]:
    """What the first server on Kubernetes reads, from all its files."""
    settings: KubernetesArgs = {"namespace": "NAMESPACE"}
    traits = choose({"kubernetes": settings}).traits()
    document = agent.document(topology, Role.SERVER, traits, {})
    group = AgentGroup(topology=topology, role=Role.SERVER, image=DEFAULT_IMAGE, document=document)
    files = configuration.documents(Tier("", group, settings))
    own = f"{naming.node(topology.cluster, Role.SERVER, 0)}.json"
    return {key: value for file in (configuration.AGENT, own) for key, value in json.loads(str(files[file])).items()}


def _json(document: Mapping[str, Any]) -> str:
    return f"```json\n{json.dumps(document, indent=2, sort_keys=True)}\n```"

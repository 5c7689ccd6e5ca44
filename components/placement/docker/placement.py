"""DockerPlacement: a private network, and on it one container for each agent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.desired import naming
from components.desired.agent import Surroundings
from components.desired.topology import Topology
from components.placement.contract import AgentGroup, Placed
from components.placement.docker import addressing, containers
from components.placement.docker.settings import DockerArgs


@dataclass(frozen=True, slots=True)
class DockerPlacement:
    """The Docker backend; satisfies `Placement`."""

    settings: DockerArgs

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Addresses and ports that do not fit."""
        return addressing.problems(self.settings, topology, f"{path}.docker")

    def surroundings(self) -> Surroundings:
        """A server returns at its fixed address, so it stays a voter while it is away."""
        return Surroundings(servers_leave_on_terminate=False, log_json=False)

    def ground(self, name: str, topology: Topology, opts: pulumi.ResourceOptions) -> dict[str, Any]:
        """The private network, unless the settings name one that exists."""
        if "network" in self.settings:
            return {"docker": self.settings}
        network = docker.Network(
            f"{name}-network",
            name=naming.network(topology.cluster),
            driver="bridge",
            # An address range that others are served from keeps the agents' own addresses free.
            ipam_configs=[
                {
                    "subnet": self.settings["subnet"],
                    "gateway": addressing.gateway(self.settings["subnet"]),
                    "ip_range": addressing.dynamic_range(self.settings["subnet"]),
                }
            ],
            labels=containers.labels(topology),
            opts=opts,
        )
        return {"docker": self.settings | {"network": network.name}}

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """The image once, then one volume and one container for each ordinal."""
        if not group.count:
            return Placed(http_addresses=[], dns_addresses=[], ready=[], data=None)
        # Pulled before any container is touched, so that an image which does not exist stops nothing that runs.
        image = docker.RemoteImage(f"{name}-image", name=group.image, keep_locally=True, opts=opts)
        after_image = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[image]))
        agents = [
            containers.place(f"{name}-{ordinal}", group, ordinal, self.settings, after_image)
            for ordinal in range(group.count)
        ]
        return Placed(
            http_addresses=[agent.http_address for agent in agents],
            dns_addresses=[agent.dns_address for agent in agents],
            ready=[agent.container for agent in agents],
            data=agents[0].volume,
        )

"""DockerPlatform: a private network with one container for each agent."""

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, SharedResources, release_of
from consul_on_pulumi.platforms.docker import addressing, containers, engine
from consul_on_pulumi.platforms.docker.container_order import AgentContainer, create_in_order
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolume
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.resource_options import before_create, with_options


@dataclass(frozen=True, slots=True)
class DockerPlatform:
    """The Docker platform; implements `Platform`."""

    settings: DockerArgs
    shared: str = "network"

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Addresses and ports that do not fit this topology."""
        return addressing.problems(self.settings, topology, path)

    def fixed_settings(self) -> dict[str, str]:
        """The subnet: if all addresses changed at once, no server could reach the Raft peers that it knows."""
        return {"docker.subnet": self.settings["subnet"]}

    def traits(self) -> PlatformTraits:
        """A server restarts at the same fixed address, so it stays a voter while it is down."""
        return PlatformTraits(servers_leave_on_terminate=False, log_json=False)

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """The private network, unless the settings name an existing one."""
        if "network" in self.settings:
            return SharedResources(platform={"docker": self.settings})
        network = docker.Network(
            f"{name}-network",
            name=topology.cluster,
            driver="bridge",
            ipam_configs=[docker.NetworkIpamConfigArgs(**addressing.address_management(self.settings["subnet"]))],
            labels=containers.labels(topology.cluster, cluster_id),
            # A changed label would replace the network, and with it every container at once.
            opts=with_options(
                pulumi.ResourceOptions.merge(opts, before_create(name, engine.remove_orphan)), ignore_changes=["labels"]
            ),
        )
        return SharedResources(platform={"docker": self.settings | {"network": network.name}})

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """The image, then one volume and one container for each ordinal."""
        if not group.count:
            return Placed()
        # Pulled before any container changes, so that an image that does not exist stops no running agent.
        image = docker.RemoteImage(f"{name}-image", name=group.image, keep_locally=True, opts=opts)
        after_image = with_options(opts, depends_on=[image])
        secrets = None
        if group.secrets:
            tier, labels = naming.tier(group.topology.cluster, group.role), {engine.CLUSTER: group.topology.cluster}
            secrets = SecretVolume(
                f"{name}-secrets", f"{tier}-secrets", group.image, labels, group.secrets, after_image
            ).volume
        hosts = [
            containers.host_ports(f"{name}-{ordinal}", group.role, ordinal, self.settings, opts)
            for ordinal in range(group.count)
        ]
        agents = [
            AgentContainer(
                name=f"{name}-{ordinal}",
                volume=self._volume(f"{name}-{ordinal}-data", group, ordinal, opts),
                spec=containers.properties(group, ordinal, self.settings, host, secrets),
                address=pulumi.Output.format("http://{0}:{1}", addressing.LOOPBACK, host[0]),
            )
            for ordinal, host in enumerate(hosts)
        ]
        addresses = [agent.address for agent in agents]
        version = release_of(name, group, addresses, after_image)
        after_version = with_options(after_image, depends_on=[version] if version else [])
        created = create_in_order(
            group, agents, pulumi.ResourceOptions.merge(after_version, before_create(name, engine.remove_orphan))
        )
        return Placed(
            api_addresses=addresses,
            http_addresses=addresses,
            ui_addresses=addresses,
            dns_addresses=[pulumi.Output.format("{0}:{1}", addressing.LOOPBACK, dns) for _, dns in hosts],
            updated=created,
            ready=created,
            version=version,
            data=agents[0].volume,
        )

    def _volume(self, name: str, group: AgentGroup, ordinal: int, opts: pulumi.ResourceOptions) -> docker.Volume:
        # The provider would replace the volume, and delete its data, for a changed label.
        ignored = ["labels", "driver", "driverOpts"]
        return docker.Volume(
            name,
            name=naming.volume_of(naming.node(group.topology.cluster, group.role, ordinal)),
            labels=containers.labels(group.topology.cluster),
            opts=with_options(opts, retain_on_delete=self.settings["retain_data"], ignore_changes=ignored),
        )


def create(settings: DockerArgs) -> DockerPlatform:
    """The platform with these settings."""
    return DockerPlatform(settings)

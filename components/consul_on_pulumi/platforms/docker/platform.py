"""DockerPlatform: a private network, and on it one container for each agent."""

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from consul_on_pulumi.model import naming, secret_files
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.topology import Topology
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, SharedResources
from consul_on_pulumi.platforms.docker import addressing, containers, orphans
from consul_on_pulumi.platforms.docker.container_order import AgentContainer, create_in_order
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolume
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.resource_options import with_options


@dataclass(frozen=True, slots=True)
class DockerPlatform:
    """The Docker backend; satisfies `Platform`."""

    settings: DockerArgs

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Addresses and ports that do not fit."""
        return addressing.problems(self.settings, topology, f"{path}.docker")

    def fixed_settings(self) -> dict[str, str]:
        """The subnet: with all addresses new at once no server would find the Raft peers that it knows."""
        return {"docker.subnet": self.settings["subnet"]}

    def traits(self) -> PlatformTraits:
        """A server returns at its fixed address, so it stays a voter while it is away."""
        return PlatformTraits(servers_leave_on_terminate=False, log_json=False)

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """The private network, unless the settings name one that exists."""
        if "network" in self.settings:
            return SharedResources(platform={"docker": self.settings})
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
            labels=containers.labels(topology, cluster_id),
            # A new label would replace the network, and with it every container at once.
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions.merge(opts, orphans.cleared(name)),
                pulumi.ResourceOptions(ignore_changes=["labels"]),
            ),
        )
        return SharedResources(platform={"docker": self.settings | {"network": network.name}})

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """The image once, then one volume and one container for each ordinal."""
        if not group.count:
            return Placed()
        # Pulled before any container is touched, so that an image which does not exist stops nothing that runs.
        image = docker.RemoteImage(f"{name}-image", name=group.image, keep_locally=True, opts=opts)
        after_image = with_options(opts, depends_on=[image])
        secrets = self._secrets(name, group, after_image)
        hosts = [
            containers.host_ports(f"{name}-{ordinal}", group.role, ordinal, self.settings, opts)
            for ordinal in range(group.count)
        ]
        links = [
            AgentContainer(
                name=f"{name}-{ordinal}",
                volume=self._volume(f"{name}-{ordinal}-data", group, ordinal, opts),
                spec=containers.properties(group, ordinal, self.settings, host, secrets),
                address=pulumi.Output.format("http://{0}:{1}", addressing.LOOPBACK, host[0]),
            )
            for ordinal, host in enumerate(hosts)
        ]
        addresses = [link.address for link in links]
        made = create_in_order(group, links, pulumi.ResourceOptions.merge(after_image, orphans.cleared(name)))
        return Placed(
            api_addresses=addresses,
            http_addresses=addresses,
            ui_addresses=addresses,
            dns_addresses=[pulumi.Output.format("{0}:{1}", addressing.LOOPBACK, dns) for _, dns in hosts],
            updated=made,
            ready=made,
            data=links[0].volume,
        )

    def _secrets(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
        if not group.secrets:
            return None
        prefix = f"{naming.tier(group.topology.cluster, group.role)}-secrets"
        labels = {orphans.CLUSTER: group.topology.cluster}
        made = SecretVolume(f"{name}-secrets", prefix, group.image, secret_files.DIRECTORY, labels, group.secrets, opts)
        return made.volume

    def _volume(self, name: str, group: AgentGroup, ordinal: int, opts: pulumi.ResourceOptions) -> docker.Volume:
        # The provider would replace a volume for a new label: nothing may do that, so only the first labels count.
        own = pulumi.ResourceOptions(
            retain_on_delete=self.settings.get("retain_data", False), ignore_changes=["labels", "driver", "driverOpts"]
        )
        return docker.Volume(
            name,
            name=naming.data_volume(group.topology.cluster, group.role, ordinal),
            labels=containers.labels(group.topology, None),
            opts=pulumi.ResourceOptions.merge(opts, own),
        )

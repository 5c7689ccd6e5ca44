"""DockerPlatform: a private network with one container for each agent."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.agent import PlatformTraits
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import of_resource
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, SharedResources, release_of
from consul_on_pulumi.platforms.docker import addressing, consul_access, containers, engine, faults, ownership
from consul_on_pulumi.platforms.docker.api import host, neighbours, resources
from consul_on_pulumi.platforms.docker.api.resources import DockerResource
from consul_on_pulumi.platforms.docker.container_order import AgentContainer, create_in_order
from consul_on_pulumi.platforms.docker.providers.cluster_end import ClusterEnd
from consul_on_pulumi.platforms.docker.providers.live_files import LiveFiles
from consul_on_pulumi.platforms.docker.providers.network_end import NetworkEnd
from consul_on_pulumi.platforms.docker.providers.ownership import OwnershipProvider
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolume
from consul_on_pulumi.platforms.docker.providers.voters import Voters
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.providers.ownership import Ownership
from consul_on_pulumi.resource_options import before_create, on_error, once_known, replaced_by_own_changes, with_options
from consul_on_pulumi.run import start_provider


@dataclass(frozen=True, slots=True)
class DockerPlatform:
    """The Docker platform; implements `Platform`."""

    settings: DockerArgs
    shared: str = "network"
    max_configuration: int = containers.MAX_CONFIGURATION

    def connection(self, component: pulumi.Resource) -> Mapping[str, pulumi.Input[Any]]:
        """The engine of Docker's provider."""
        if component.get_provider(host.KIND) is None:
            start_provider("docker", resources.release())
        return host.parts(component)

    def problems(self, topology: Topology, path: str) -> Iterable[str]:
        """Addresses and ports that do not fit this topology."""
        return addressing.problems(self.settings, topology, path)

    def requests_from(self) -> str | None:
        """The gateway: Docker's proxy for published ports connects from there. That of an existing network is not known
        here. On another machine requests come from the agent's own container."""
        if not host.is_local(host.of_stack()):
            return addressing.LOOPBACK
        own = "subnet" in self.settings and "network" not in self.settings
        return addressing.gateway(self.settings["subnet"]) if own else None

    def fixed_settings(self) -> dict[str, pulumi.Input[str]]:
        """The subnet: if all addresses changed at once, no server could reach the Raft peers that it knows."""
        return {"docker.subnet": self.settings["subnet"]}

    def location(self, topology: Topology) -> dict[str, pulumi.Input[str]]:
        """On the engine, in volumes with the name of the cluster."""
        return {"platform": "docker", "cluster": topology.cluster}

    def traits(self) -> PlatformTraits:
        """A server restarts at the same fixed address, so it stays a voter while it is down."""
        return PlatformTraits(servers_leave_on_terminate=False, log_json=False, host_ports=True)

    def certificate_secrets(self) -> dict[Role, pulumi.Input[str]]:
        """Nothing on this platform renews certificates."""
        return {}

    def asked_names(self) -> list[str]:
        """The address of the published ports."""
        return [addressing.LOOPBACK]

    def certificate_names(self, topology: Topology, role: Role, ordinal: int) -> list[pulumi.Input[str]]:
        """A server's name and address; of the clients the name that all of them share."""
        names: list[pulumi.Input[str]] = [naming.tier(topology.cluster, role)]
        if role is Role.SERVER:
            names += [naming.node(topology.cluster, role, ordinal)]
            names += [addressing.address(self.settings["subnet"], role, ordinal)]
        return names

    def shared_resources(
        self, name: str, topology: Topology, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> SharedResources:
        """The private network, unless the settings name an existing one."""
        if "network" in self.settings:
            return SharedResources(platform={"docker": self.settings})
        subnet = self.settings["subnet"]
        needed = [f"network/{topology.cluster}", f"subnet/{topology.cluster}/{subnet}"]
        network = DockerResource(
            "Network",
            f"{name}-network",
            {
                "name": topology.cluster,
                "driver": "bridge",
                "ipam_configs": [addressing.address_management(subnet)],
                "labels": containers.labels(topology.cluster, cluster_id),
            },
            # A changed label would replace the network, and with it every container at once.
            with_options(
                self._owned(name, topology.cluster, needed, cluster_id, opts),
                ignore_changes=["labels"],
            ),
        )
        NetworkEnd(f"{name}-network-end", network.name, topology.cluster, with_options(opts, depends_on=[network]))
        # Docker's provider takes two seconds for a network. Whatever needs the name alone does not wait.
        network_name = of_resource(network, topology.cluster)
        return SharedResources(platform={"docker": self.settings | {"network": network_name}})

    def place(self, name: str, group: AgentGroup, opts: pulumi.ResourceOptions) -> Placed:
        """The image, then one volume and one container for each ordinal."""
        if not group.count:
            return Placed()
        cluster = group.topology.cluster
        connecting.of(opts.parent).apply(partial(neighbours.warn, group.topology))
        needed = [one for ordinal in range(group.count) for one in self._needed(cluster, group.role, ordinal)]
        if isinstance(network := self.settings["network"], str):
            # Any other is created by the program itself.
            needed.append(f"existing/{network}/{self.settings['subnet']}")
        new: set[str] = set()
        opts = self._owned(name, cluster, needed, group.cluster_id, opts, new.add)
        # Pulled before any container changes, so that an image that does not exist stops no running agent. Containers
        # have the image of this resource and of ConsulVersion, so `--target` gives them none that was not checked.
        image = DockerResource("RemoteImage", f"{name}-image", {"name": group.image, "keep_locally": True}, opts)
        after_image = with_options(opts, depends_on=[image])
        secrets = None
        if group.secrets or group.live:
            prefix = f"{naming.tier(cluster, group.role)}-secrets"
            labels = {engine.CLUSTER: cluster, **({engine.CLUSTER_ID: group.cluster_id} if group.cluster_id else {})}
            secrets = SecretVolume(f"{name}-secrets", prefix, group.image, labels, group.secrets, after_image).volume
        if secrets and group.live:
            live = LiveFiles(f"{name}-files", secrets, group.image, labels, group.live, after_image)
            after_image = with_options(after_image, depends_on=[live])
        hosts = [
            containers.host_ports(f"{name}-{ordinal}", group.role, ordinal, self.settings, opts)
            for ordinal in range(group.count)
        ]
        nodes = [naming.node(cluster, group.role, ordinal) for ordinal in range(group.count)]
        api = [
            consul_access.server_address(node, host[0], https=not group.plain_http)
            for node, host in zip(nodes, hosts, strict=True)
        ]
        group = replace(group, image=image.name)
        version = release_of(name, group, api, after_image)
        after_version = with_options(after_image, depends_on=[version] if version else [])
        group = replace(group, image=version.image) if version else group
        volumes = [self._volume(f"{name}-{ordinal}-data", group, ordinal, opts) for ordinal in range(group.count)]
        agents = [
            AgentContainer(
                name=f"{name}-{ordinal}",
                volume=volumes[ordinal],
                is_new=volumes[ordinal].urn.apply(lambda urn: urn in new),
                spec=containers.properties(group, ordinal, self.settings, host, secrets),
                address=pulumi.Output.format(
                    "{0}://{1}:{2}", "http" if group.plain_http else "https", addressing.LOOPBACK, host[0]
                ),
            )
            for ordinal, host in enumerate(hosts)
        ]
        addresses = [agent.address for agent in agents]
        created, first = create_in_order(group, agents, after_version)
        ready = created
        if group.role is Role.SERVER:
            after_created = with_options(opts, depends_on=created, deleted_with=first)
            ready = [Voters(f"{name}-voters", nodes, api, after_created)]
            end = ClusterEnd(f"{name}-end", cluster, group.cluster_id, with_options(opts, depends_on=ready))
            before_end = with_options(opts, depends_on=[end], deleted_with=agents[0].volume)
            ClusterEnd(f"{name}-end-of-part", cluster, group.cluster_id, before_end, data_stays=True)
        return Placed(
            api_addresses=api,
            http_addresses=addresses,
            ui_addresses=addresses,
            dns_addresses=[pulumi.Output.format("{0}:{1}", addressing.LOOPBACK, dns) for _, dns in hosts],
            updated=created,
            ready=ready,
            version=version,
            data=first,
        )

    def _volume(self, name: str, group: AgentGroup, ordinal: int, opts: pulumi.ResourceOptions) -> DockerResource:
        # The provider would replace the volume, and delete its data, for a changed label.
        ignored = ["labels", "driver", "driverOpts"]
        # Without a network there is no volume either: `subnet` is fixed as soon as there is one.
        network = once_known(pulumi.Output.from_input(self.settings["network"]))
        return DockerResource(
            "Volume",
            name,
            {
                "name": naming.volume_of(naming.node(group.topology.cluster, group.role, ordinal)),
                "labels": containers.labels(group.topology.cluster, group.cluster_id),
            },
            with_options(
                opts,
                depends_on=[network],
                retain_on_delete=self.settings["retain_data"],
                ignore_changes=ignored,
                protect=group.protect,
            ),
        )

    def _needed(self, cluster: str, role: Role, ordinal: int) -> Iterator[str]:
        """The names of an agent's objects, and the ports that the settings give it."""
        node = naming.node(cluster, role, ordinal)
        yield from (f"container/{node}", f"volume/{naming.volume_of(node)}")
        for setting, first in (
            ("http_port", self.settings.get("http_port")),
            ("dns_port", self.settings.get("dns_port")),
        ):
            if port := addressing.port(first, role, ordinal):
                yield f"port/{node}/{setting}/{port}"

    def _owned(
        self,
        name: str,
        cluster: str,
        objects: Sequence[str],
        cluster_id: pulumi.Input[str] | None,
        opts: pulumi.ResourceOptions,
        created: Callable[[str], None] = lambda _: None,
    ) -> pulumi.ResourceOptions:
        """Options of what creates these objects: each is looked for before, and `created` gets the URN of each that
        this run creates."""
        connection = connecting.of(opts.parent)
        connection.apply(ownership.warn_if_unreachable)
        retain_data = self.settings["retain_data"]
        where = {"cluster": cluster, "retain_data": retain_data}
        owned = Ownership(OwnershipProvider(), f"{name}-ownership", objects, cluster_id, where, opts)
        check = ownership.before_create(cluster, retain_data=retain_data)

        def look(args: pulumi.ResourceHookArgs, known: Connection) -> None:
            check(args, known)
            created(args.urn)

        hook = before_create(name, look, connection, in_previews=True)
        hooks = pulumi.ResourceOptions.merge(hook, on_error(name, faults.sentence))
        opts = pulumi.ResourceOptions.merge(with_options(opts, depends_on=[owned]), hooks)
        own_changes = replaced_by_own_changes("docker", self.settings.get("network"))
        return pulumi.ResourceOptions.merge(opts, own_changes)


def create(settings: DockerArgs) -> DockerPlatform:
    """The platform with these settings."""
    return DockerPlatform(settings)

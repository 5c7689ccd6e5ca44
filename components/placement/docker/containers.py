"""One agent: its data volume, its host ports and its container."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.desired import naming, ports
from components.desired.topology import Topology
from components.live.host_ports import HostPorts
from components.placement.contract import AgentGroup
from components.placement.docker import addressing
from components.placement.docker.settings import DockerArgs

GRACE_SECONDS = 30
"""Until SIGKILL; unset, the provider kills at once and an agent cannot even say good-bye."""
USER = "100:1000"
"""`consul` in the official image, who owns /consul/data there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAgent:
    """One agent and where the host reaches it."""

    volume: docker.Volume
    container: docker.Container
    http_address: pulumi.Output[str]
    dns_address: pulumi.Output[str]


def labels(topology: Topology) -> list[docker.ContainerLabelArgsDict]:
    """What marks an object of the engine as part of this cluster: `docker ps --filter label=consul.cluster=…`."""
    return [{"label": "consul.cluster", "value": topology.cluster}]


def place(
    name: str, group: AgentGroup, ordinal: int, settings: DockerArgs, opts: pulumi.ResourceOptions
) -> PlacedAgent:
    """Make the agent's resources, named `name` and `<name>-…`."""
    topology, role = group.topology, group.role
    volume = docker.Volume(
        f"{name}-data",
        name=naming.data_volume(topology.cluster, role, ordinal),
        labels=labels(topology),
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(retain_on_delete=settings.get("keep_data", False))
        ),
    )
    http, dns = _host_ports(name, group, ordinal, settings, opts)
    node = naming.node(topology.cluster, role, ordinal)
    memory = settings.get("memory_mib")
    container = docker.Container(
        name,
        name=node,
        hostname=node,
        image=group.image,
        command=_command(group, ordinal, settings["subnet"]),
        envs=["CONSUL_DISABLE_PERM_MGMT=true"],
        networks_advanced=[
            {
                "name": settings["network"],
                "ipv4_address": addressing.address(settings["subnet"], role, ordinal),
                "aliases": [naming.tier(topology.cluster, role)],
            }
        ],
        # Ascending, since the provider reads them back that way; explicit addresses, else "::" comes along.
        ports=[
            {"internal": ports.HTTP, "external": http, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "udp"},
        ],
        volumes=[{"volume_name": volume.name, "container_path": "/consul/data"}],
        remove_volumes=False,
        user=USER,
        read_only=True,
        tmpfs={"/tmp": "rw,noexec,nosuid,size=64m"},
        capabilities={"drops": ["ALL"]},
        security_opts=["no-new-privileges:true"],
        healthcheck=_healthcheck(),
        # Docker grants as much swap again unless both limits are the same.
        memory=memory,
        memory_swap=memory,
        restart="unless-stopped",
        stop_signal="SIGTERM",
        stop_timeout=GRACE_SECONDS,
        destroy_grace_seconds=GRACE_SECONDS,
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        labels=labels(topology),
        # A health check that changes is shown as an update but never applied (provider 4.5.0), so it must replace.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(delete_before_replace=True, replace_on_changes=["healthcheck"])
        ),
    )
    return PlacedAgent(
        volume=volume,
        container=container,
        http_address=pulumi.Output.format("http://{0}:{1}", addressing.LOOPBACK, http),
        dns_address=pulumi.Output.format("{0}:{1}", addressing.LOOPBACK, dns),
    )


def _command(group: AgentGroup, ordinal: int, subnet: str) -> list[pulumi.Input[str]]:
    """The document stands alone in one argument: there a preview shows its difference key by key, and the root file
    system can stay read-only, which rules out the image's CONSUL_LOCAL_CONFIG."""
    command: list[pulumi.Input[str]] = [
        "agent",
        f"-node={naming.node(group.topology.cluster, group.role, ordinal)}",
        f"-advertise={addressing.address(subnet, group.role, ordinal)}",
    ]
    if group.bootstrap_expect is not None:
        command.append(pulumi.Output.format("-bootstrap-expect={0}", group.bootstrap_expect))
    return [*command, "-hcl", json.dumps(group.document, sort_keys=True)]


def _host_ports(
    name: str, group: AgentGroup, ordinal: int, settings: DockerArgs, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Input[int], pulumi.Input[int]]:
    """HTTP and DNS: as the settings say, or chosen once where they leave it open."""
    if "http_port" in settings and "dns_port" in settings:
        return (
            addressing.port(settings["http_port"], group.role, ordinal),
            addressing.port(settings["dns_port"], group.role, ordinal),
        )
    chosen = HostPorts(f"{name}-ports", opts=opts)
    return (
        addressing.port(settings["http_port"], group.role, ordinal) if "http_port" in settings else chosen.http,
        addressing.port(settings["dns_port"], group.role, ordinal) if "dns_port" in settings else chosen.dns,
    )


def _healthcheck() -> docker.ContainerHealthcheckArgsDict:
    """Healthy when this agent knows a leader. Docker acts on nothing here: it only shows it."""
    return {
        "tests": ["CMD-SHELL", f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"],
        "interval": "10s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "30s",
    }

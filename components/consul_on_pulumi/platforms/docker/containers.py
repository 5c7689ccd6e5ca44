"""What one agent is made of: its host ports and the properties of its container."""

import json
from typing import Any

import pulumi
import pulumi_docker as docker

from consul_on_pulumi.model import image, naming, ports, secret_files
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.docker import addressing, orphans
from consul_on_pulumi.platforms.docker.providers.host_ports import HostPorts
from consul_on_pulumi.platforms.docker.settings import DockerArgs

RESTART = {Role.SERVER: "on-failure", Role.CLIENT: "unless-stopped"}
"""An agent that dies, or is stopped with the daemon or the host, comes back. Only a server that was told to leave the
cluster ends with 0 and stays down, where it would otherwise join again before its container is removed; a client leaves
whenever it stops."""
Ports = tuple[pulumi.Input[int], pulumi.Input[int]]
"""Host ports of one agent: HTTP, DNS."""


def labels(topology: Topology, cluster_id: pulumi.Input[str] | None) -> list[docker.ContainerLabelArgsDict]:
    """What an object of the engine is part of: `docker ps --filter label=consul.cluster=…`."""
    named: list[docker.ContainerLabelArgsDict] = [{"label": orphans.CLUSTER, "value": topology.cluster}]
    return [*named, {"label": orphans.CLUSTER_ID, "value": cluster_id}] if cluster_id is not None else named


def host_ports(name: str, role: Role, ordinal: int, settings: DockerArgs, opts: pulumi.ResourceOptions) -> Ports:
    """As the settings say, or chosen once where they leave a port open."""
    if "http_port" in settings and "dns_port" in settings:
        return (
            addressing.port(settings["http_port"], role, ordinal),
            addressing.port(settings["dns_port"], role, ordinal),
        )
    chosen = HostPorts(f"{name}-ports", opts=opts)
    return (
        addressing.port(settings["http_port"], role, ordinal) if "http_port" in settings else chosen.http,
        addressing.port(settings["dns_port"], role, ordinal) if "dns_port" in settings else chosen.dns,
    )


def properties(
    group: AgentGroup, ordinal: int, settings: DockerArgs, host: Ports, secrets: pulumi.Input[str] | None = None
) -> dict[str, Any]:
    """Everything that a container is given, as `docker.Container` takes it; `secrets` is the volume with its files."""
    topology, role = group.topology, group.role
    node = naming.node(topology.cluster, role, ordinal)
    http, dns = host
    memory = settings.get("memory_mib")
    return {
        "name": node,
        "hostname": node,
        "image": group.image,
        "command": [
            *_command(group, ordinal, settings["subnet"]),
            *([secret_files.READ] if secrets is not None else []),
        ],
        "envs": ["CONSUL_DISABLE_PERM_MGMT=true"],
        "networks_advanced": [
            {
                "name": settings["network"],
                "ipv4_address": addressing.address(settings["subnet"], role, ordinal),
                "aliases": [naming.tier(topology.cluster, role)],
            }
        ],
        # Ascending, since the provider reads them back that way; explicit addresses, else "::" comes along.
        "ports": [
            {"internal": ports.HTTP, "external": http, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "udp"},
        ],
        "volumes": [
            {
                "volume_name": naming.data_volume(topology.cluster, role, ordinal),
                "container_path": "/consul/data",
            },
            *(
                [{"volume_name": secrets, "container_path": secret_files.DIRECTORY, "read_only": True}]
                if secrets is not None
                else []
            ),
        ],
        "remove_volumes": False,
        "user": f"{image.USER}:{image.GROUP}",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,noexec,nosuid,size=64m"},
        "capabilities": {"drops": ["ALL"]},
        "security_opts": ["no-new-privileges:true"],
        "healthcheck": _healthcheck(),
        # Docker grants as much swap again unless both limits are the same.
        "memory": memory,
        "memory_swap": memory,
        # As process 1 an agent would ignore SIGTERM until it has set itself up.
        "init": True,
        "restart": RESTART[role],
        "stop_signal": "SIGTERM",
        "stop_timeout": orphans.GRACE_SECONDS,
        # Unset, the provider kills at once and an agent cannot even say good-bye.
        "destroy_grace_seconds": orphans.GRACE_SECONDS,
        "log_driver": "json-file",
        "log_opts": {"max-size": "10m", "max-file": "3"},
        "labels": labels(topology, group.cluster_id),
    }


def create(
    name: str, spec: dict[str, Any], marked: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> docker.Container:
    """The container, whose agent carries `marked` as node metadata: so a running agent tells which one it is."""
    command = [*spec["command"], pulumi.Output.format("-node-meta=spec_hash:{0}", marked)]
    # A health check that changes is shown as an update but never applied (provider 4.5.0), so it must replace.
    own = pulumi.ResourceOptions(delete_before_replace=True, replace_on_changes=["healthcheck"])
    return docker.Container(name, **{**spec, "command": command}, opts=pulumi.ResourceOptions.merge(opts, own))


def _command(group: AgentGroup, ordinal: int, subnet: str) -> list[pulumi.Input[str]]:
    """The document stands alone in one argument: there a preview shows its difference key by key, and the root file
    system can stay read-only, which rules out the image's CONSUL_LOCAL_CONFIG."""
    command: list[pulumi.Input[str]] = [
        "agent",
        "-hcl",
        json.dumps(group.document, sort_keys=True),
        f"-node={naming.node(group.topology.cluster, group.role, ordinal)}",
        f"-advertise={addressing.address(subnet, group.role, ordinal)}",
    ]
    if group.bootstrap_expect is not None:
        command.append(pulumi.Output.format("-bootstrap-expect={0}", group.bootstrap_expect))
    return command


def _healthcheck() -> docker.ContainerHealthcheckArgsDict:
    """Healthy when this agent knows a leader. Docker acts on nothing here: it only shows it."""
    return {
        "tests": ["CMD-SHELL", f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"],
        "interval": "10s",
        "timeout": "5s",
        "retries": 3,
        "start_period": "30s",
    }

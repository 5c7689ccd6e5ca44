"""The container of one agent: its host ports and its properties."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, closed, naming, ports, secret_files
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.outputs import lifted
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.docker import addressing, engine
from consul_on_pulumi.platforms.docker.api.resources import DockerResource
from consul_on_pulumi.platforms.docker.providers.host_ports import HostPorts
from consul_on_pulumi.platforms.docker.settings import DockerArgs
from consul_on_pulumi.resource_options import with_options

MAX_CONFIGURATION = 120 * 1024
"""The most bytes of the user's agent configuration: the document is one argument of the agent, which Linux limits to
128 KiB (MAX_ARG_STRLEN)."""
RESTART = {Role.SERVER: "on-failure", Role.CLIENT: "unless-stopped"}
"""Docker restarts an agent that fails, also after a restart of the daemon or the host. A server that has left the
cluster exits with 0 and is not restarted, or it would join again before its container is removed. A client leaves
whenever it stops, so its exit status says nothing."""
CLOSED_MEMORY_MIB = 1024
"""The memory limit of a container in a closed cluster, unless the settings have another."""
PROCESSES = 4096
"""The most processes of the agents' user there: Docker's provider has no limit for a single container."""
Ports = tuple[pulumi.Input[int], pulumi.Input[int]]
"""Host ports of one agent: HTTP, DNS."""


def host_ports(name: str, role: Role, ordinal: int, settings: DockerArgs, opts: pulumi.ResourceOptions) -> Ports:
    """The ports that the settings name; a port that they do not name is chosen once."""
    http = addressing.port(settings.get("http_port"), role, ordinal)
    dns = addressing.port(settings.get("dns_port"), role, ordinal)
    if http and dns:
        return http, dns
    chosen = HostPorts(f"{name}-ports", opts=opts)
    return http or chosen.http, dns or chosen.dns


def labels(cluster: str, cluster_id: pulumi.Input[str] | None = None) -> list[dict[str, Any]]:
    """The labels of an object of this cluster, as Docker's provider takes them."""
    found: list[dict[str, Any]] = [{"label": engine.CLUSTER, "value": cluster}]
    return [*found, {"label": engine.CLUSTER_ID, "value": cluster_id}] if cluster_id is not None else found


def properties(
    group: AgentGroup, ordinal: int, settings: DockerArgs, host: Ports, secrets: pulumi.Input[str] | None = None
) -> dict[str, Any]:
    """The arguments of a container; `secrets` is the name of the volume with the secret files."""
    topology, role = group.topology, group.role
    node = naming.node(topology.cluster, role, ordinal)
    http, dns = host
    memory = settings.get("memory_mib", CLOSED_MEMORY_MIB if group.is_closed else None)
    address = addressing.address(settings["subnet"], role, ordinal)
    # The configuration is one argument: so a preview shows its difference key by key. The image's CONSUL_LOCAL_CONFIG
    # would write a file, which a read-only root file system does not allow.
    configuration = ["-hcl", lifted(_hcl, agent.merge(group.document, group.own_document(ordinal)))]
    command: list[pulumi.Input[str]] = ["agent", *configuration, f"-node={node}", f"-advertise={address}"]
    if group.bootstrap_expect is not None:
        command.append(pulumi.Output.format("-bootstrap-expect={0}", group.bootstrap_expect))
    volumes: list[dict[str, Any]] = [{"volume_name": naming.volume_of(node), "container_path": "/consul/data"}]
    if secrets is not None:
        command.append(secret_files.READ)
        volumes.append({"volume_name": secrets, "container_path": secret_files.DIRECTORY, "read_only": True})
    api = ports.HTTP if group.plain_http else ports.HTTPS
    limits = {"ulimits": [{"name": "nproc", "soft": PROCESSES, "hard": PROCESSES}]} if group.is_closed else {}
    own_labels = labels(topology.cluster, group.cluster_id)
    if group.phase:
        own_labels.append({"label": engine.PHASE, "value": group.phase})
    if group.restart:
        own_labels.append({"label": engine.RESTART, "value": group.restart})
    return {
        **limits,
        "name": node,
        "hostname": node,
        "image": group.image,
        "command": command,
        "envs": [
            "CONSUL_DISABLE_PERM_MGMT=true",
            *([f"CONSUL_HTTP_TOKEN_FILE={closed.TOKEN_FILE}"] if group.insists else []),
        ],
        "networks_advanced": [
            {
                "name": settings["network"],
                "ipv4_address": address,
                "aliases": [naming.tier(topology.cluster, role)],
            }
        ],
        # In ascending order, as the provider reads them back; without an address Docker publishes on "::" too.
        "ports": [
            {"internal": api, "external": http, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "tcp"},
            {"internal": ports.DNS, "external": dns, "ip": addressing.LOOPBACK, "protocol": "udp"},
        ],
        "volumes": volumes,
        "remove_volumes": False,
        "user": f"{agent.USER}:{agent.GROUP}",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,noexec,nosuid,size=64m"},
        "capabilities": {"drops": ["ALL"]},
        "security_opts": ["no-new-privileges:true"],
        # Healthy while the agent knows a leader. Docker shows the result but does not restart a container for it.
        "healthcheck": {
            "tests": ["CMD-SHELL", f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"],
            "interval": "10s",
            "timeout": "5s",
            "retries": 3,
            "start_period": "30s",
        },
        # With equal limits the container has no swap; by default Docker allows as much swap as memory.
        "memory": memory,
        "memory_swap": memory,
        # Process 1 ignores SIGTERM until it has a handler, which an agent installs late.
        "init": True,
        "restart": RESTART[role],
        "stop_signal": "SIGTERM",
        "stop_timeout": engine.STOP_TIMEOUT,
        # Without this the provider kills the container at once, and a client cannot leave the cluster.
        "destroy_grace_seconds": engine.STOP_TIMEOUT,
        "log_driver": "json-file",
        "log_opts": {"max-size": "10m", "max-file": "3"},
        "labels": own_labels,
    }


def _hcl(document: Mapping[str, Any]) -> str:
    # HCL's escapes have no characters beyond U+FFFF.
    return json.dumps(_without_labels(document), sort_keys=True, ensure_ascii=False)


def _without_labels(value: Any) -> Any:
    """HCL reads the keys of several maps in a map with nothing else as labels of several blocks. Each of those maps as
    a list of one is the same to Consul, and is read as it is."""
    if isinstance(value, list | tuple):
        return [_without_labels(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    labels = len(value) > 1 and all(isinstance(one, Mapping) for one in value.values())
    return {key: [_without_labels(one)] if labels else _without_labels(one) for key, one in value.items()}


def create(
    name: str, spec: dict[str, Any], spec_hash: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> DockerResource:
    """The container. Its agent reports `spec_hash` as node metadata, which shows how a running agent was started."""
    command = [*spec["command"], pulumi.Output.format("-node-meta=spec_hash:{0}", spec_hash)]
    # The provider (4.5.0) shows a changed health check as an update but never applies it, so it has to replace.
    # For a limit of `docker update --cpus` it would replace a container whose gate did not open before, and one of
    # `--memory-reservation` it never removes.
    by_hand = ["cpus", "memoryReservation"]
    opts = with_options(opts, delete_before_replace=True, replace_on_changes=["healthcheck"], ignore_changes=by_hand)
    return DockerResource("Container", name, {**spec, "command": command}, opts)

"""The pod of an agent, within the restricted Pod Security Standard."""

from collections.abc import Sequence
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, closed, ports, secret_files
from consul_on_pulumi.model.adoption import INSIST, OPEN
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.contract import digest
from consul_on_pulumi.platforms.kubernetes.api.pod_status import SPEC_HASH
from consul_on_pulumi.platforms.kubernetes.objects import scheduling
from consul_on_pulumi.platforms.kubernetes.tier import Tier

DRAIN_SECONDS = 5
"""Time to remove a pod from the endpoints of its Services before its agent exits."""
GRACE_SECONDS = 60
"""Time for an agent to drain and to leave before it is killed."""
SECRET_MODE = 0o440
"""Readable for the pod's group, in which only the agent runs."""
LEADER = f"wget -q -O - http://127.0.0.1:{ports.HTTP}/v1/status/leader | grep -q :"
"""Fails if the agent knows no leader. This path needs no ACL token."""


def template(
    tier: Tier, config: pulumi.Input[str], files: Sequence[str], secrets: pulumi.Input[str] | None
) -> tuple[dict[str, Any], pulumi.Output[str]]:
    """The pod template and the digest of it. The pod has it as an annotation and the agent as node metadata.

    `config` and `secrets` are the names of the ConfigMap and the Secret; `files` are the files for single agents.
    """
    metadata: dict[str, Any] = {"labels": tier.agent_labels, "annotations": tier.agent_annotations}
    spec_hash = digest({"metadata": metadata, "spec": _spec(tier, config, files, secrets)})
    annotated = {**metadata, "annotations": {**metadata["annotations"], SPEC_HASH: spec_hash}}
    node_meta = pulumi.Output.format("-node-meta=spec_hash:{0}", spec_hash)
    return {"metadata": annotated, "spec": _spec(tier, config, files, secrets, node_meta)}, spec_hash


def _spec(
    tier: Tier,
    config: pulumi.Input[str],
    files: Sequence[str],
    secrets: pulumi.Input[str] | None,
    *more: pulumi.Input[str],
) -> dict[str, Any]:
    """`more` are arguments of the agent."""
    role, settings = tier.group.role, tier.settings
    arguments: list[pulumi.Input[str]] = ["-node=$(POD_NAME)", "-advertise=$(POD_IP)"]
    mounts = {"config": "/consul/config", "tmp": "/tmp", "data": "/consul/data"}
    volumes: list[dict[str, Any]] = [
        {"name": "config", "config_map": {"name": config, "items": [{"key": "agent.json", "path": "agent.json"}]}},
        {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
    ]
    if files:
        mounts["own"] = "/consul/own"
        arguments.append("-config-file=/consul/own/$(POD_NAME).json")
        items = [{"key": file, "path": file} for file in files]
        volumes.append({"name": "own", "config_map": {"name": config, "items": items}})
    if tier.group.bootstrap_expect is not None:
        arguments.append(pulumi.Output.format("-bootstrap-expect={0}", tier.group.bootstrap_expect))
    arguments += more
    if secrets is not None or tier.group.live:
        mounts["secrets"] = secret_files.DIRECTORY
        arguments.append(secret_files.READ)
        volumes.append({"name": "secrets", **_secret_volume(tier, secrets)})
    if role is Role.CLIENT:
        volumes.append({"name": "data", "empty_dir": {}})
    container = {
        "name": "consul",
        "image": tier.group.image,
        "image_pull_policy": "IfNotPresent",
        "args": ["agent", *arguments],
        "env": [
            {"name": "CONSUL_DISABLE_PERM_MGMT", "value": "true"},
            {"name": "POD_NAME", "value_from": {"field_ref": {"field_path": "metadata.name"}}},
            {"name": "POD_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}},
            *([{"name": "CONSUL_HTTP_TOKEN_FILE", "value": closed.TOKEN_FILE}] if tier.group.insists else []),
        ],
        "ports": [
            {"name": name, "container_port": number, "protocol": protocol}
            for name, number, protocol in named_ports(role, tier.group.phase)
        ],
        "resources": settings["resources"] if role is Role.SERVER else settings["client_resources"],
        "volume_mounts": [
            {"name": name, "mount_path": path, **({} if name in ("data", "tmp") else {"read_only": True})}
            for name, path in mounts.items()
        ],
        "lifecycle": {"pre_stop": {"exec_": {"command": ["/bin/sleep", str(DRAIN_SECONDS)]}}},
        # The last log lines are then in the pod's status, and in the message of a rollout that stops.
        "termination_message_policy": "FallbackToLogsOnError",
        "security_context": {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
        },
        **_probes(role, "https" if tier.group.is_closed else "http"),
    }
    return {
        "service_account_name": tier.object_name,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": agent.USER,
            "run_as_group": agent.GROUP,
            "fs_group": agent.GROUP,
            "fs_group_change_policy": "OnRootMismatch",
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "termination_grace_period_seconds": GRACE_SECONDS,
        "containers": [container],
        "volumes": volumes,
        **scheduling.of_pod(tier),
    }


def _secret_volume(tier: Tier, secrets: pulumi.Input[str] | None) -> dict[str, Any]:
    """The Secret of the user's files, and in the same folder those whose content changes while the agent runs."""
    if not tier.group.live:
        return {"secret": {"secret_name": secrets, "default_mode": SECRET_MODE}}
    sources: list[dict[str, Any]] = [
        {"secret": {"name": name}} for name in (secrets, tier.live_secret) if name is not None
    ]
    if tier.group.certificate_secret is not None:
        items = [{"key": key, "path": key} for key in closed.ISSUED.values()]
        sources.append({"secret": {"name": tier.group.certificate_secret, "items": items}})
    return {"projected": {"sources": sources, "default_mode": SECRET_MODE}}


def named_ports(role: Role, phase: str) -> list[tuple[str, int, str]]:
    """Name, number and protocol of each port of an agent. In a closed cluster the one for plain HTTP is the loopback
    interface's, where `kubectl port-forward` leads."""
    server = [("server", ports.SERVER, "TCP")] if role is Role.SERVER else []
    return [
        *server,
        ("serf", ports.SERF_LAN, "TCP"),
        ("serf-udp", ports.SERF_LAN, "UDP"),
        ("http", ports.HTTP, "TCP"),
        *([("https", ports.HTTPS, "TCP")] if phase != OPEN else []),
        ("grpc", ports.GRPC_TLS if phase == INSIST else ports.GRPC, "TCP"),
        ("dns", ports.DNS, "TCP"),
        ("dns-udp", ports.DNS, "UDP"),
    ]


def _probes(role: Role, port: str) -> dict[str, Any]:
    """Only an agent that does not listen is restarted. One without a leader keeps running: its vote may be needed."""
    listening = {"tcp_socket": {"port": port}}
    return {
        # An agent reads its snapshot before it listens; a large one takes minutes.
        "startup_probe": {**listening, "period_seconds": 2, "failure_threshold": 300},
        "liveness_probe": {**listening, "period_seconds": 10, "timeout_seconds": 5, "failure_threshold": 6},
        "readiness_probe": {
            "exec_": {"command": ["/bin/sh", "-ec", LEADER]},
            "period_seconds": 3,
            "timeout_seconds": 5,
            "failure_threshold": 4,
            # A restarted server is a voter within 15 s (server stabilization time and the interval of autopilot).
            # Until then the disruption budget must count it as unavailable.
            **({"success_threshold": 5} if role is Role.SERVER else {}),
        },
    }

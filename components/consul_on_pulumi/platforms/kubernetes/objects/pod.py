"""The pod of an agent, within the restricted Pod Security Standard."""

from collections.abc import Sequence
from typing import Any

import pulumi

from consul_on_pulumi.model import agent, ports, secret_files
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.api.pod_status import SPEC_HASH
from consul_on_pulumi.platforms.kubernetes.objects import probes, scheduling
from consul_on_pulumi.platforms.kubernetes.tier import Tier
from consul_on_pulumi.platforms.spec_hash import digest

DRAIN_SECONDS = 5
"""Time to remove a pod from the endpoints of its Services before its agent exits."""
GRACE_SECONDS = 60
"""Time for an agent to drain and to leave before it is killed."""
SECRET_MODE = 0o440
"""Readable for the pod's group, in which only the agent runs."""


def template(
    tier: Tier,
    arguments: Sequence[pulumi.Input[str]],
    config: str,
    files: Sequence[str],
    secrets: pulumi.Input[str] | None,
) -> tuple[dict[str, Any], pulumi.Output[str]]:
    """The pod template and the digest of it. The pod has it as an annotation and the agent as node metadata."""
    metadata = {"labels": tier.pod_labels, "annotations": dict(tier.settings["annotations"])}
    spec = {"metadata": metadata, "spec": _spec(tier, arguments, config, files, secrets)}
    spec_hash = digest(spec)
    arguments = [*arguments, pulumi.Output.format("-node-meta=spec_hash:{0}", spec_hash)]
    annotated = {**metadata, "annotations": {**metadata["annotations"], SPEC_HASH: spec_hash}}
    return {"metadata": annotated, "spec": _spec(tier, arguments, config, files, secrets)}, spec_hash


def _spec(
    tier: Tier,
    arguments: Sequence[pulumi.Input[str]],
    config: str,
    files: Sequence[str],
    secrets: pulumi.Input[str] | None,
) -> dict[str, Any]:
    """`files` are the files of `config` for single agents."""
    role, settings = tier.group.role, tier.settings
    mounts = {"config": "/consul/config", "tmp": "/tmp", "data": "/consul/data"}
    volumes: list[dict[str, Any]] = [
        {"name": "config", "config_map": {"name": config, "items": [{"key": "agent.json", "path": "agent.json"}]}},
        {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
    ]
    if files:
        mounts["own"] = "/consul/own"
        items = [{"key": file, "path": file} for file in files]
        volumes.append({"name": "own", "config_map": {"name": config, "items": items}})
    if secrets is not None:
        mounts["secrets"] = secret_files.DIRECTORY
        volumes.append({"name": "secrets", "secret": {"secret_name": secrets, "default_mode": SECRET_MODE}})
    if role is Role.CLIENT:
        volumes.append({"name": "data", "empty_dir": {}})
    container = {
        "name": "consul",
        "image": tier.group.image,
        "image_pull_policy": "IfNotPresent",
        "args": ["agent", *arguments, *([secret_files.READ] if secrets is not None else [])],
        "env": [
            {"name": "CONSUL_DISABLE_PERM_MGMT", "value": "true"},
            {"name": "POD_NAME", "value_from": {"field_ref": {"field_path": "metadata.name"}}},
            {"name": "POD_IP", "value_from": {"field_ref": {"field_path": "status.podIP"}}},
        ],
        "ports": _ports(role),
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
        **probes.of_agent(role),
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


def _ports(role: Role) -> list[dict[str, Any]]:
    server = [{"name": "server", "container_port": ports.SERVER, "protocol": "TCP"}] if role is Role.SERVER else []
    return [
        *server,
        {"name": "serf", "container_port": ports.SERF_LAN, "protocol": "TCP"},
        {"name": "serf-udp", "container_port": ports.SERF_LAN, "protocol": "UDP"},
        {"name": "http", "container_port": ports.HTTP, "protocol": "TCP"},
        {"name": "grpc", "container_port": ports.GRPC, "protocol": "TCP"},
        {"name": "dns", "container_port": ports.DNS, "protocol": "TCP"},
        {"name": "dns-udp", "container_port": ports.DNS, "protocol": "UDP"},
    ]

"""Rules for Consul clusters. ConsulCluster registers the settings that it accepted: docs/settings.md lists them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

CLUSTER = "consul-on-pulumi:index:ConsulCluster"
SEEDS = re.compile(r"(pulumi-python:dynamic/)?consul-on-pulumi:(index:)?KvEntries")
"""The type of a seed set, in a Python program and in a plugin."""
PRODUCTION = re.compile(r"prod")
"""Found in the names of production clusters."""
PASSWORD = re.compile(r"password|passwd|secret|token|private.?key", re.IGNORECASE)

Settings = Mapping[str, Any]


def fault_tolerance(cluster: Settings) -> Iterator[str]:
    """A production cluster survives the loss of a server."""
    if PRODUCTION.search(cluster["name"]) and cluster["servers"] < 3:
        yield f"servers: expected 3 or more in production, got {cluster['servers']:.0f}"


def supported_release(cluster: Settings) -> Iterator[str]:
    """The image has a release of Consul that gets security fixes, or says which it has."""
    image = cluster["image"]
    release = cluster.get("consul_version") or image.rpartition(":")[2]
    if not re.match(r"(1\.(2[1-9]|[3-9][0-9])|[2-9])\.", release):
        yield f"image: expected Consul 1.21 or newer, got {image}"


def kept_data(cluster: Settings) -> Iterator[str]:
    """Data in production outlives a `pulumi destroy`."""
    if PRODUCTION.search(cluster["name"]) and not platform(cluster)["retain_data"]:
        yield "platform: set retain_data to true in production"


def protected_data(cluster: Settings) -> Iterator[str]:
    """Pulumi refuses to delete the data of a production cluster."""
    if PRODUCTION.search(cluster["name"]) and not cluster["protect"]:
        yield "protect: set it to true in production"


def memory_limit(cluster: Settings) -> Iterator[str]:
    """No agent takes the memory of its machine."""
    settings = platform(cluster)
    limits = settings.get("resources", {}).get("limits", {})
    # On Docker a closed cluster, one with `security` among its settings, has a limit of its own.
    limited = "docker" in cluster["platform"] and "security" in cluster
    if not limited and not settings.get("memory_mib") and "memory" not in limits:
        yield "platform: set a memory limit (docker.memory_mib or kubernetes.resources.limits.memory)"


def closed_store(cluster: Settings) -> Iterator[str]:
    """Whoever reaches a UI outside of the Kubernetes cluster needs a token."""
    ui = platform(cluster).get("ui", {})
    acl = {**cluster["agent_config"], **cluster["server_config"]}.get("acl", {})
    # An open cluster has no `security` among its settings.
    closed = "security" in cluster or (acl.get("enabled") and acl.get("default_policy") == "deny")
    if not closed and ("ingress" in ui or ui.get("type", "ClusterIP") != "ClusterIP"):
        yield "security: set enabled to true before the UI is reachable from outside"


def platform(cluster: Settings) -> Settings:
    """The settings of the platform, Docker's or Kubernetes'."""
    (settings,) = cluster["platform"].values()
    return settings


def of_clusters(rule: Callable[[Settings], Iterator[str]]) -> ResourceValidationPolicy:
    """A policy that applies `rule` to every ConsulCluster."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == CLUSTER:
            for violation in rule(args.props):
                report(violation)

    return ResourceValidationPolicy(rule.__name__.replace("_", "-"), rule.__doc__ or "", validate)


def plain_secrets(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Reports keys of seeds that look like secrets and are not in `secrets` of their set."""
    if SEEDS.fullmatch(args.resource_type):
        for key in args.props.get("entries", {}):
            if PASSWORD.search(key):
                report(f"{key}: move it into `secrets` of the seed set, so that the state encrypts it")


PolicyPack(
    "consul",
    [
        *map(
            of_clusters,
            (fault_tolerance, supported_release, kept_data, protected_data, memory_limit, closed_store),
        ),
        ResourceValidationPolicy("plain-secrets", "Seeds that look like secrets are encrypted.", plain_secrets),
    ],
    enforcement_level=EnforcementLevel.MANDATORY,
)

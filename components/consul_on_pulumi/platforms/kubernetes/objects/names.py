"""The fixed names of a tier's objects, which are known before any of them is created."""

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.topology import Role, failure_tolerance
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import CLAIM
from consul_on_pulumi.platforms.kubernetes.tier import Tier


def http_service(tier: Tier) -> str:
    """The Service of the HTTP and gRPC interfaces."""
    return f"{tier.group.topology.cluster}-http" if tier.group.role is Role.SERVER else tier.object_name


def dns_service(tier: Tier) -> str:
    """The Service of the DNS interface."""
    return f"{tier.group.topology.cluster}-dns" if tier.group.role is Role.SERVER else f"{tier.object_name}-dns"


def ui(tier: Tier) -> str:
    """The Service and the Ingress of the UI."""
    return f"{tier.group.topology.cluster}-ui"


def claims(tier: Tier) -> list[str]:
    """The claims of the servers, by ordinal."""
    servers = range(tier.group.count)
    return [f"{CLAIM}-{naming.node(tier.group.topology.cluster, Role.SERVER, ordinal)}" for ordinal in servers]


def of(tier: Tier) -> list[str]:
    """Every object as `KIND/NAME`, except those whose name contains a digest."""
    group, settings = tier.group, tier.settings
    own = ["ServiceAccount"]
    if settings["network_policy"]["enabled"]:
        own.append("NetworkPolicy")
    if group.role is Role.CLIENT:
        own += [settings["clients"]]
        others = []
    else:
        own += ["StatefulSet", "Service", *(["PodDisruptionBudget"] if failure_tolerance(group.count) else [])]
        others = [f"Service/{ui(tier)}", *(f"PersistentVolumeClaim/{name}" for name in claims(tier))]
        if "ingress" in settings["ui"]:
            others.append(f"Ingress/{ui(tier)}")
    services = [f"Service/{http_service(tier)}", f"Service/{dns_service(tier)}"]
    return [*(f"{kind}/{tier.object_name}" for kind in own), *services, *others]

"""What the two tiers of a cluster share with each other and with their ConsulCluster."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.model import adoption, agent, closed, naming, secret_files
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import lifted, when_known
from consul_on_pulumi.platforms.choose import choose
from consul_on_pulumi.platforms.contract import AgentGroup, Placed, Platform
from consul_on_pulumi.providers import connecting
from consul_on_pulumi.providers.cluster_identity import SECURITY, ClusterIdentity
from consul_on_pulumi.providers.consul_version import ALWAYS, IF_POSSIBLE, NEVER, Wanted
from consul_on_pulumi.providers.reloaded import Reloaded
from consul_on_pulumi.releases import closed_keys, raft_log, release
from consul_on_pulumi.releases.release import Release
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.security.closing import Closing
from consul_on_pulumi.security.credentials import MANAGEMENT_TOKEN

JOINS = (
    "cluster.join: the servers become voters of a cluster that exists already, and share all that it stores, also its "
    "ACL tokens. Its other servers are not touched: let them leave one after the other, then remove `join`"
)
"""What a preview says of a cluster that joins another one."""


def for_component(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """The options of a component itself: what it depends on is for its children alone (`for_children`).

    `pulumi refresh` that runs the program fails at a component with a dependency that is gone: "registration isn't
    pending" (pulumi 3.259, pkg/resource/deploy/step_generator.go, hasSkippedDependencies).
    """
    own = copy.copy(opts or pulumi.ResourceOptions())
    own.depends_on = None
    return own


def connect(component: pulumi.Resource, cluster: str, args: Mapping[str, Any], platform: Platform) -> None:
    """Give everything below a component that has its own settings the way to its cluster, and its ACL token."""
    token = {"token": args["token"]} if "token" in args else {}
    connecting.connect(
        component, f"{component.pulumi_resource_name}/{cluster}", {**platform.connection(component), **token}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The cluster that a tier belongs to. A tier alone creates an identity of its own."""

    component: str
    """The name of the ConsulCluster."""
    cluster: pulumi.Resource
    """The ConsulCluster itself."""
    clients: int
    identity: ClusterIdentity
    closing: Closing | None = None
    """What was generated to close the cluster, unless it is open."""
    join: Sequence[pulumi.Input[str]] = ()
    """Servers of a cluster that exists already."""
    servers_updated: Sequence[pulumi.Resource] = ()
    """Exist when the servers have changed. Clients follow, as Consul's upgrade rule demands: a client may be older than
    its servers, never newer."""
    servers_ready: Sequence[pulumi.Resource] = ()
    """Exist when the servers work: clients may be started before, and nothing waits for a client before that."""

    def of_clients(self) -> dict[str, Any]:
        """The fields of a group of clients that belong to this cluster."""
        identity = self.identity
        return {
            "cluster_id": identity.cluster_id,
            "is_new": identity.is_new,
            "join": self.join,
            "after": self.servers_updated,
            "wait_for": self.servers_ready,
        }


def identify(
    name: str,
    topology: Topology,
    platform: Platform,
    path: str,
    opts: pulumi.ResourceOptions,
    *,
    phase: str = adoption.OPEN,
    join: Sequence[pulumi.Input[str]] = (),
) -> ClusterIdentity:
    """Register the identity of a cluster; `path` is the path of its settings, `phase` how far it is to be closed, and
    `join` names servers of the cluster that it joins."""
    if join:
        pulumi.log.warn(JOINS, opts.parent)
    fixed = fixed_settings(topology, platform, path) | ({f"{path}{SECURITY}": phase} if phase else {})
    return ClusterIdentity(f"{name}-identity", topology.servers, fixed, platform.location(topology), opts, join)


def fixed_settings(topology: Topology, platform: Platform, path: str) -> dict[str, pulumi.Input[str]]:
    """The settings, by their paths, that must not change while the cluster exists."""
    return {
        f"{path}.name": topology.cluster,
        f"{path}.datacenter": topology.datacenter,
        **{f"{path}.platform.{key}": value for key, value in platform.fixed_settings().items()},
    }


def wanted_release(name: str, args: Mapping[str, Any], membership: Membership | None) -> Wanted:
    """What the settings of the server tier with this name say about the release of its servers."""
    asked = args.get("snapshot_before_upgrade")
    return Wanted(
        path="cluster" if membership else "server",
        cluster=membership.component if membership else name,
        raft_log=lifted(raft_log.backend, {"raft_logstore": args["agent_config"].get("raft_logstore")}),
        version=lifted(partial(_version, args), args["image"]),
        clients=membership.clients if membership else 0,
        snapshot=IF_POSSIBLE if asked is None else ALWAYS if asked else NEVER,
        stack=[pulumi.get_project(), pulumi.get_stack()],
    )


def _version(args: Mapping[str, Any], image: str) -> str:
    known = release.of({**args, "image": image})
    return release.text(known) if known else ""


def snapshot_file(placed: Placed) -> pulumi.Output[str | None]:
    """The snapshot before the last upgrade of these servers, or None."""
    found = placed.version.snapshot_file if placed.version else pulumi.Output.from_input("")
    return found.apply(lambda file: file or None)


def agent_secrets(
    files: Mapping[str, pulumi.Input[str]], of: Release | None, closed_datacenter: str | None
) -> dict[str, pulumi.Output[str]]:
    """The secret files by name and in order, as secrets whatever they were before; `of` is the release of the agents,
    and `closed_datacenter` the datacenter of a closed cluster.

    A content that was an Output when the arguments were checked is checked when it is known.
    """
    check = closed_keys.check_of(of, closed_datacenter)
    return {
        name: when_known(pulumi.Output.secret(text), partial(_problems, name, check))
        for name, text in sorted(files.items())
    }


def _problems(name: str, check: secret_files.Check, text: str) -> Iterable[str]:
    return secret_files.problems({name: text}, "agent_secrets", check)


def place_tier(
    name: str,
    args: Mapping[str, Any],
    role: Role,
    topology: Topology,
    opts: pulumi.ResourceOptions,
    closing: Closing | None = None,
    **more: Any,
) -> tuple[Placed, dict[str, pulumi.Output[list[str]]]]:
    """Create the agents of a tier with these arguments; `more` are further fields of the group.

    Returns them and the outputs of the tier. The UI has an address only if the agents serve it.
    """
    platform = choose(args["platform"])
    extra, traits = args["agent_config"], platform.traits()
    secrets = agent_secrets(args["agent_secrets"], release.of(args), topology.datacenter if closing else None)
    if closing:
        phase = closing.phase
        plain_http = phase != adoption.INSIST or (traits.host_ports and closing.settings["anonymous"] == "read")
        own = closed.document(role, phase, plain_http=plain_http, issued=bool(closing.issued))
        extra = agent.merge(own, extra)
        live, mark = closing.files(role, topology, platform.certificate_names, platform.asked_names(), opts)
        more |= {"phase": phase, "plain_http": plain_http, "live": live}
        more |= {"certificate_secret": closing.issued.get(role)}
        more |= {"restart": closing.settings["rotate"][MANAGEMENT_TOKEN]} if role is Role.SERVER else {}
    join = lifted(partial(naming.join, topology), traits.domain)
    if others := list(more.get("join", ())):
        # Servers that know each other alone would not look for those others any longer.
        join = others if role is Role.SERVER else lifted(lambda known: [*known[0], *known[1]], [others, join])
    document = agent.document(topology, role, traits, extra, join)
    group = AgentGroup(topology=topology, role=role, image=args["image"], document=document, secrets=secrets, **more)
    placed = platform.place(name, group, opts)
    reloaded = []
    if closing and group.count:
        after = with_options(opts, depends_on=list(placed.ready), deleted_with=placed.data)
        reloaded = [Reloaded(f"{name}-reloaded", role, closing.location, mark, after)]
    placed = replace(placed, reloaded=reloaded)
    path = lifted(agent.ui_path, {"ui_config": document.get("ui_config", {})})
    return placed, {
        "http_addresses": pulumi.Output.all(*placed.http_addresses),
        "ui_urls": pulumi.Output.all(path, *placed.ui_addresses).apply(
            lambda known: [f"{base}{known[0]}" for base in known[1:]] if known[0] else []
        ),
        "dns_addresses": pulumi.Output.all(*placed.dns_addresses),
    }

"""`consul-on-pulumi recover`: repairs a cluster that lost its quorum permanently.

The servers that still have data become the whole cluster (`raft/peers.json`, Consul docs, manage/disaster-recovery);
the next `pulumi up` adds the others as new servers. Writes that only the lost servers had are lost. Run this before
that `pulumi up`: a new server at the address of a lost one would get its vote.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.consul.servers import Servers
from consul_on_pulumi.model import rollout
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.rollout import ClusterView, ServerStatus
from consul_on_pulumi.model.topology import quorum
from consul_on_pulumi.platforms.choose import PLATFORMS

ELECTION = 15.0
"""Seconds without a leader after which the quorum counts as lost."""
TIMEOUT = 90.0
"""Seconds for the recovered servers to elect a leader."""


def run(stack: str, name: str | None) -> str:
    """Recover a cluster of the stack; returns what was done. Ends the program where nothing can be done."""
    cluster = stacks.cluster(stack, name)
    for platform in PLATFORMS:
        # The type of a resource begins with its platform: `docker:index/container:Container`.
        if any(kind.startswith(f"{platform}:") for kind in cluster.types):
            operations = importlib.import_module(f"consul_on_pulumi.platforms.{platform}.operations")
            return recover(cluster.servers, operations, cluster.group)
    stacks.no_cluster(stack)


def recover(addresses: Mapping[str, str], platform: Any, group: Mapping[str, Any]) -> str:
    """Recover the cluster with these servers, node name to address; `platform` is the module `operations` of one, and
    `group` tells it where they are."""
    names, servers = list(addresses), Servers(list(addresses), list(addresses.values()), connection_of(group))
    seen: dict[str, ServerStatus] = {}

    def has_quorum(view: ClusterView) -> bool:
        # Without a leader nothing changes, so an answer stays true: one view may miss a server that is slow.
        seen.update(view.status)
        return rollout.has_quorum(view)

    try:
        if servers.wait_for(has_quorum, ELECTION):
            sys.exit("the cluster has a leader, so there is nothing to recover")
    except RefusedError as error:
        sys.exit(str(error))
    seen |= (view := servers.view()).status
    view = replace(view, status=seen)
    chosen = rollout.survivors(seen)
    try:
        unseen = [name for name in names if name not in seen and not servers.stores_nothing(name)]
        if down := [name for name in unseen if platform.has_data(group, name)]:
            why = "; ".join(rollout.not_ready_reason(name, view, index=0) or "" for name in down)
            sys.exit(f"{', '.join(down)} may have newer data: {why}. Start it first, then try again")
        if not chosen:
            sys.exit("no server has data, so there is nothing to recover: restore a snapshot into a new cluster")
        if len(chosen) >= quorum(len(names)):
            sys.exit(f"{', '.join(chosen)} are a majority and should elect a leader without help: see their logs")
        platform.restart_with_peers(group, chosen, rollout.recovery_peers(seen, chosen))
    except platform.FAILURES as error:
        sys.exit(f"recovery failed: {error}")
    if not servers.wait_for(rollout.has_quorum, TIMEOUT):
        sys.exit(f"{', '.join(chosen)} elected no leader within {TIMEOUT:.0f} s: see their logs")
    return f"recovered from {', '.join(chosen)}: run `pulumi refresh` and `pulumi up`, which add the other servers"

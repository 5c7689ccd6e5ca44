"""Requests to each single server of a cluster: its own current state, not what other servers last heard of it."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.model.rollout import ClusterView, ServerStatus

REQUEST_TIMEOUT = 1.0
"""Seconds for one request to one server."""
INTERVAL = 0.1
"""Seconds between two views of the cluster while waiting."""
LEAVE_TIMEOUT = 30.0
"""Seconds for a graceful leave: the server drains connections for 5 seconds and then waits for Raft."""


class Servers:
    """The servers of one cluster, by node name."""

    def __init__(self, names: Sequence[str], addresses: Sequence[str]) -> None:
        """`names` are node names, `addresses` the base URLs of the servers' own HTTP APIs, in the same order."""
        self._bases = dict(zip(names, addresses, strict=True))
        self._sessions = {name: access.session() for name in names}

    def view(self) -> ClusterView:
        """Ask all servers at the same time, then the leader for the Raft configuration."""
        with ThreadPoolExecutor(len(self._bases)) as pool:
            statuses = pool.map(self._status, self._bases)
        answered = {name: status for name, status in zip(self._bases, statuses, strict=True) if status}
        leader = ClusterView(status=answered, voters={}).leader
        peers = self._raft(leader) if leader else []
        return ClusterView(
            status=answered,
            voters={peer["ID"]: peer["Address"] for peer in peers if peer["Voter"]},
            peers=frozenset(peer["Node"] for peer in peers),
        )

    def wait_for(self, condition: Callable[[ClusterView], bool], timeout: float) -> ClusterView | None:
        """Wait until the cluster meets the condition; returns the view that does, or None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not condition(view := self.view()):
            if time.monotonic() > deadline:
                return None
            time.sleep(INTERVAL)
        return view

    def spec_hash(self, name: str) -> str | None:
        """The spec hash that the server was started with, or None if it does not answer or has none."""
        status = self._status(name)
        return status.spec_hash if status else None

    def transfer_leadership(self, leader: str, successor: str, node_id: str) -> None:
        """Ask the leader to transfer the leadership (`POST /v1/operator/raft/transfer-leader`). Raises RefusedError."""
        answer = self._call("POST", leader, f"/v1/operator/raft/transfer-leader?id={node_id}", timeout=10)
        if answer is None or not answer.ok:
            reason = "no answer" if answer is None else f"{answer.status_code} {answer.text.strip()[:200]}"
            raise RefusedError(
                f"{leader} did not transfer the leadership to {successor} ({reason}): run `pulumi up` again"
            )

    def leave(self, name: str) -> None:
        """Let a server leave gracefully (`PUT /v1/agent/leave`): it is removed from Raft, then its agent stops."""
        self._call("PUT", name, "/v1/agent/leave", timeout=LEAVE_TIMEOUT)

    def force_leave(self, by: str, name: str, address: str | None) -> None:
        """Let the server `by` remove a member that no longer runs, and its Raft peer if it has an `address`."""
        self._call("PUT", by, f"/v1/agent/force-leave/{name}?prune", timeout=5)
        if address:
            self._call("DELETE", by, f"/v1/operator/raft/peer?address={address}", timeout=5)

    def members(self, by: str) -> set[str]:
        """The node names in the member list of the server `by`, alive or not."""
        answer = self._call("GET", by, "/v1/agent/members")
        return {member["Name"] for member in answer.json()} if answer is not None and answer.ok else set()

    def peer_address(self, by: str, name: str) -> str | None:
        """The Raft address of a server in the Raft configuration of the server `by`, or None."""
        return next((peer["Address"] for peer in self._raft(by) if peer["Node"] == name), None)

    def _status(self, name: str) -> ServerStatus | None:
        answer = self._call("GET", name, "/v1/agent/self")
        if answer is None or not answer.ok:
            return None
        agent = answer.json()
        raft = agent["Stats"].get("raft", {})
        if "applied_index" not in raft:
            return None
        return ServerStatus(
            node_id=agent["Config"]["NodeID"],
            address=f"{agent['Member']['Addr']}:{agent['Member']['Tags']['port']}",
            leads=raft["state"] == "Leader",
            term=int(raft["term"]),
            commit=int(raft["commit_index"]),
            applied=int(raft["applied_index"]),
            last=int(raft["last_log_index"]),
            spec_hash=agent["Meta"].get("spec_hash"),
            version=agent["Config"].get("Version", ""),
        )

    def _raft(self, by: str) -> list[dict[str, Any]]:
        answer = self._call("GET", by, "/v1/operator/raft/configuration")
        peers: list[dict[str, Any]] = answer.json()["Servers"] if answer is not None and answer.ok else []
        return peers

    def _call(self, method: str, name: str, path: str, timeout: float = REQUEST_TIMEOUT) -> requests.Response | None:
        try:
            return self._sessions[name].request(method, self._bases[name] + path, timeout=timeout)
        except requests.RequestException:
            return None

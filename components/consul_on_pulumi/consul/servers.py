"""The servers of one cluster, each asked by itself: fresh evidence instead of what the others last heard."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.model.rollout import ClusterView, ServerStatus

ATTEMPT = 1.0
"""Seconds for one question to one server."""
INTERVAL = 0.1
"""Seconds between two looks."""
LEAVING = 30.0
"""Seconds for a graceful leave, which drains for 5 and then waits for Raft."""


class Servers:
    """Every server by its node name and the base URL of its own HTTP API, in the order of their ordinals."""

    def __init__(self, names: Sequence[str], addresses: Sequence[str]) -> None:
        """`names` and `addresses` belong together pair by pair."""
        self._bases = dict(zip(names, addresses, strict=True))
        self._sessions = {name: access.session() for name in names}

    def look(self) -> ClusterView:
        """Ask every server at once, then the leader for the Raft configuration."""
        with ThreadPoolExecutor(len(self._bases)) as pool:
            answers = pool.map(self._see, self._bases)
        seen = {name: answer for name, answer in zip(self._bases, answers, strict=True) if answer}
        leader = ClusterView(status=seen, voters={}).leader
        peers = self._raft(leader) if leader else []
        return ClusterView(
            status=seen,
            voters={peer["ID"]: peer["Address"] for peer in peers if peer["Voter"]},
            peers=frozenset(peer["Node"] for peer in peers),
        )

    def until(self, settled: Callable[[ClusterView], bool], timeout: float) -> ClusterView | None:
        """Look again and again until `settled`, or None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not settled(view := self.look()):
            if time.monotonic() > deadline:
                return None
            time.sleep(INTERVAL)
        return view

    def spec_hash(self, name: str) -> str | None:
        """What the server was started with, or None where it does not say."""
        seen = self._see(name)
        return seen.spec_hash if seen else None

    def transfer_leadership(self, leader: str, successor: str, node_id: str) -> None:
        """Hand over (`POST /v1/operator/raft/transfer-leader`); returns when the leader has done its part."""
        answer = self._call("POST", leader, f"/v1/operator/raft/transfer-leader?id={node_id}", timeout=10)
        if answer is None or not answer.ok:
            raise RefusedError(f"{leader} did not hand its leadership to {successor}")

    def leave(self, name: str) -> None:
        """Let a server leave gracefully (`PUT /v1/agent/leave`): it stops being a Raft peer, then its agent ends."""
        self._call("PUT", name, "/v1/agent/leave", timeout=LEAVING)

    def forget(self, by: str, name: str, address: str | None) -> None:
        """Let `by` drop a member that is gone, and its Raft peer if there is one left."""
        self._call("PUT", by, f"/v1/agent/force-leave/{name}?prune", timeout=5)
        if address:
            self._call("DELETE", by, f"/v1/operator/raft/peer?address={address}", timeout=5)

    def members(self, by: str) -> set[str]:
        """The node names that `by` knows as members, alive or not."""
        answer = self._call("GET", by, "/v1/agent/members")
        return {member["Name"] for member in answer.json()} if answer is not None and answer.ok else set()

    def peer_address(self, by: str, name: str) -> str | None:
        """The Raft address under which `by` still lists a server, or None."""
        return next((peer["Address"] for peer in self._raft(by) if peer["Node"] == name), None)

    def _see(self, name: str) -> ServerStatus | None:
        answer = self._call("GET", name, "/v1/agent/self")
        if answer is None or not answer.ok:
            return None
        said = answer.json()
        raft = said["Stats"].get("raft", {})
        if "applied_index" not in raft:
            return None
        return ServerStatus(
            node_id=said["Config"]["NodeID"],
            address=f"{said['Member']['Addr']}:{said['Member']['Tags']['port']}",
            leads=raft["state"] == "Leader",
            term=int(raft["term"]),
            commit=int(raft["commit_index"]),
            applied=int(raft["applied_index"]),
            last=int(raft["last_log_index"]),
            spec_hash=said["Meta"].get("spec_hash"),
        )

    def _raft(self, by: str) -> list[dict[str, Any]]:
        answer = self._call("GET", by, "/v1/operator/raft/configuration")
        peers: list[dict[str, Any]] = answer.json()["Servers"] if answer is not None and answer.ok else []
        return peers

    def _call(self, method: str, name: str, path: str, timeout: float = ATTEMPT) -> requests.Response | None:
        try:
            return self._sessions[name].request(method, self._bases[name] + path, timeout=timeout)
        except requests.RequestException:
            return None

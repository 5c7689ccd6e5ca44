"""Requests to each single server of a cluster: its own current state, not what other servers last heard of it."""

import time
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from consul_on_pulumi.consul import access, answers
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.model.rollout import ClusterView, ServerStatus

REQUEST_TIMEOUT = 1.0
"""Seconds for one request to one server."""
INTERVAL = 0.1
"""Seconds between two views of the cluster while waiting."""
REFUSED_FOR = 2.0
"""Seconds after which a refusal counts: a server that starts reads its tokens one after the other."""
LEAVE_TIMEOUT = 30.0
"""Seconds for a graceful leave: the server drains connections for 5 seconds and then waits for Raft."""


class Servers:
    """The servers of one cluster, by node name."""

    def __init__(self, names: Sequence[str], addresses: Sequence[str], connection: Connection) -> None:
        """`names` are node names, `addresses` the base URLs of the servers' own HTTP APIs, in the same order."""
        self._bases = dict(zip(names, addresses, strict=True))
        self._sessions = {name: access.session(connection) for name in names}
        self._faults: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._rejected: set[str] = set()
        self._without_acls: set[str] = set()

    def view(self) -> ClusterView:
        """Ask all servers at the same time, then the leader for the Raft configuration."""
        for known in (self._faults, self._rejected, self._without_acls):
            known.clear()
        with ThreadPoolExecutor(len(self._bases)) as pool:
            statuses = pool.map(self._status, self._bases)
        answered = {name: status for name, status in zip(self._bases, statuses, strict=True) if status}
        leader = ClusterView(status=answered, voters={}).leader
        peers = self._raft(leader) if leader else []
        follower = next((name for name, status in answered.items() if status.follows), None)
        outside = ""
        if leader is None and follower:
            found = self._raft(follower, "?stale")
            outside = next((one["Node"] for one in found if one["Leader"] and one["Node"] not in self._bases), "")
            peers = found if outside else []
        if leader and self._without_acls:
            answered |= self._seen_by(leader)
        others = {one["ID"] for one in peers if one["Voter"] and one["Node"] not in self._bases}
        return ClusterView(
            status=answered,
            voters={peer["ID"]: peer["Address"] for peer in peers if peer["Voter"]},
            peers=frozenset(peer["Node"] for peer in peers),
            without_vote=frozenset(peer["ID"] for peer in peers if not peer["Voter"]),
            faults=dict(self._faults),
            refused=frozenset(self._rejected),
            outside=self._healthy(others, leader or follower),
            leads_outside=outside,
        )

    def accepted_view(self) -> ClusterView:
        """The same. Raises RefusedError if the servers refuse the program: a refusal is an answer, and no silence."""
        deadline = time.monotonic() + REFUSED_FOR
        while reason := (view := self.view()).refusal:
            if time.monotonic() > deadline:
                raise RefusedError(f"the servers refuse this program: {reason}")
            time.sleep(INTERVAL)
        return view

    def wait_for(self, condition: Callable[[ClusterView], bool], timeout: float) -> ClusterView | None:
        """Wait until the cluster meets the condition; returns the view that does, or None after `timeout` seconds.

        Raises RefusedError if the servers refuse the token.
        """
        deadline = time.monotonic() + timeout
        while not condition(view := self.accepted_view()):
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
        path = f"/v1/operator/raft/transfer-leader?id={node_id}"
        if self._order("POST", leader, path, timeout=10) is None:
            reason = self._refused.get(leader, f"{leader} does not answer: run `pulumi up` again")
            raise RefusedError(f"the leadership was not transferred to {successor}: {reason}")

    def leave(self, name: str) -> None:
        """Let a server leave gracefully (`PUT /v1/agent/leave`): it is removed from Raft, then its agent stops."""
        self._order("PUT", name, "/v1/agent/leave", timeout=LEAVE_TIMEOUT)

    def force_leave(self, by: str, name: str, address: str | None) -> None:
        """Let the server `by` remove a member that no longer runs, and its Raft peer if it has an `address`."""
        self._order("PUT", by, f"/v1/agent/force-leave/{name}?prune", timeout=5)
        if address:
            self._order("DELETE", by, f"/v1/operator/raft/peer?address={address}", timeout=5)

    def members(self, by: str) -> set[str]:
        """The node names in the member list of the server `by`, alive or not. Raises RefusedError if it refuses, or
        hides members."""
        found = self._order("GET", by, "/v1/agent/members")
        if by in self._refused:
            raise RefusedError(self._refused[by])
        return {member["Name"] for member in found or []}

    def refused(self, name: str) -> str:
        """What the server answered to the last order, in parentheses after a space; empty if it did not refuse."""
        return f" ({self._refused[name]})" if name in self._refused else ""

    def stores_nothing(self, name: str) -> bool:
        """Whether this server of a closed cluster is empty: at the last view it knew no tokens at all, and it answers
        nothing without one. One that is being closed has no tokens either, and answers."""
        if name not in self._without_acls:
            return False
        try:
            answer = self._sessions[name].get(
                f"{self._bases[name]}/v1/agent/self", headers={"X-Consul-Token": ""}, timeout=REQUEST_TIMEOUT
            )
        except requests.RequestException:
            return False
        return answer.status_code in (401, 403)

    def peer_address(self, by: str, name: str) -> str | None:
        """The Raft address of a server in the Raft configuration of the server `by`, or None."""
        return next((peer["Address"] for peer in self._raft(by) if peer["Node"] == name), None)

    def _status(self, name: str) -> ServerStatus | None:
        agent = self._call("GET", name, "/v1/agent/self")
        raft = agent["Stats"].get("raft", {}) if agent else {}
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
            follows=agent["Stats"].get("consul", {}).get("leader_addr", ""),
            spec_hash=agent["Meta"].get("spec_hash"),
            version=agent["Config"].get("Version", ""),
            raft_log=agent.get("DebugConfig", {}).get("RaftLogStoreConfig", {}).get("Backend", ""),
        )

    def _seen_by(self, leader: str) -> dict[str, ServerStatus]:
        """The servers with ACLs that a leader without ACLs knows: they cannot resolve the token, so what they store is
        what autopilot says. It may be older than the server's last start, so the server itself must know a leader."""
        # `/v1/operator/autopilot/health` answers 429 as long as one server is not healthy.
        known = self._call("GET", leader, "/v1/operator/autopilot/state") or {}
        return {
            one["Name"]: ServerStatus(
                node_id=one["ID"],
                address=one["Address"],
                leads=False,
                term=one["LastTerm"],
                commit=one["LastIndex"],
                applied=one["LastIndex"],
                last=one["LastIndex"],
            )
            # Null right after an election.
            for one in (known.get("Servers") or {}).values()
            if one["Healthy"]
            and one["Name"] in self._without_acls
            and self._call("GET", one["Name"], "/v1/status/leader")
        }

    def _healthy(self, wanted: Set[str], by: str | None) -> dict[str, str]:
        """Node ID to name of those `wanted` that autopilot calls healthy."""
        known = (self._call("GET", by, "/v1/operator/autopilot/state") if wanted and by else None) or {}
        # Null right after an election.
        found = (known.get("Servers") or {}).values()
        return {one["ID"]: one["Name"] for one in found if one["ID"] in wanted and one["Healthy"]}

    def _raft(self, by: str, query: str = "") -> list[dict[str, Any]]:
        answer = self._call("GET", by, f"/v1/operator/raft/configuration{query}")
        peers: list[dict[str, Any]] = answer["Servers"] if answer else []
        return peers

    def _order(self, method: str, name: str, path: str, timeout: float = REQUEST_TIMEOUT) -> Any:
        """Like `_call`; keeps a refusal longer than until the next view."""
        self._refused.pop(name, None)
        return self._call(method, name, path, timeout, self._refused)

    def _call(
        self,
        method: str,
        name: str,
        path: str,
        timeout: float = REQUEST_TIMEOUT,
        faults: dict[str, str] | None = None,
    ) -> Any:
        """The content of the answer, or None and a fault. A server that does not run or respond has no fault."""
        faults = self._faults if faults is None else faults
        try:
            answer = self._sessions[name].request(method, self._bases[name] + path, timeout=timeout)
            if answer.ok and not answers.is_filtered(answer):
                return answers.content(name, answer) if answer.content else {}
            faults[name] = answers.refusal(name, answer)
            if answers.is_refused(answer):
                self._rejected.add(name)
            elif answers.NO_ACLS_YET in answer.text:
                self._without_acls.add(name)
        except requests.exceptions.SSLError as error:
            faults[name] = answers.silence(name, error)
        except requests.RequestException:
            pass
        except ValueError as error:
            faults[name] = str(error)
        return None

"""Scripted servers of a cluster, which do every request at once."""

from collections.abc import Callable

from consul_on_pulumi.model.rollout import ClusterView, ServerStatus

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]
MAX_VIEWS = 5
"""How many views `wait_for` takes before its timeout."""


class ScriptedServers:
    """Has the interface of `Servers`. At first server 0 leads and all servers are voters."""

    def __init__(self) -> None:
        self.names = list(NAMES)
        self.leader: str | None = NAMES[0]
        self.down: set[str] = set()
        self.non_voters: set[str] = set()
        """Members that are not voters yet."""
        self.applied = dict.fromkeys(NAMES, 100)
        self.running = dict.fromkeys(NAMES, "old")
        """The spec hash that each server was started with."""
        self.known_by: dict[str, set[str]] = {name: set(NAMES) for name in NAMES}
        self.ignores_requests = False
        """Whether requests have no effect."""
        self.won_again = 0
        """How many transfers end with the old leader as the new one."""
        self.done: list[tuple[str, ...]] = []
        self.waits: list[float] = []
        """The timeout of each wait."""
        self.events: list[Callable[[], object]] = []
        """Run one by one, each after a view that does not meet the condition."""

    def view(self) -> ClusterView:
        return ClusterView(
            status={name: self._status(name) for name in self.names if name not in self.down},
            voters={f"id-of-{name}": f"{name}:8300" for name in self.names if name not in self.non_voters},
            peers=frozenset(self.names),
            without_vote=frozenset(f"id-of-{name}" for name in self.names if name in self.non_voters),
        )

    def accepted_view(self) -> ClusterView:
        return self.view()

    def wait_for(self, condition: Callable[[ClusterView], bool], timeout: float) -> ClusterView | None:
        assert timeout > 0
        self.waits.append(timeout)
        for _ in range(MAX_VIEWS):
            if condition(view := self.view()):
                return view
            if self.events:
                self.events.pop(0)()
        return None

    def spec_hash(self, name: str) -> str | None:
        return None if name in self.down else self.running[name]

    def transfer_leadership(self, leader: str, successor: str, node_id: str) -> None:
        self.done.append(("transfer", leader, successor, node_id))
        self.leader = leader if self.ignores_requests or self.won_again else successor
        self.won_again = max(0, self.won_again - 1)

    def leave(self, name: str) -> None:
        self.done.append(("leave", name))
        if not self.ignores_requests:
            self.names.remove(name)

    def force_leave(self, by: str, name: str, address: str | None) -> None:
        self.done.append(("force-leave", by, name, address or ""))
        if not self.ignores_requests:
            self.known_by[by].discard(name)
            if name in self.names:
                self.names.remove(name)

    def members(self, by: str) -> set[str]:
        return self.known_by[by]

    def refused(self, name: str) -> str:
        return ""

    def peer_address(self, by: str, name: str) -> str | None:
        return f"{name}:8300" if name in self.names else None

    def _status(self, name: str) -> ServerStatus:
        return ServerStatus(
            node_id=f"id-of-{name}",
            address=f"{name}:8300",
            leads=name == self.leader,
            term=3,
            commit=100,
            applied=self.applied[name],
        )

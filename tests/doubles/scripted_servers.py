"""The servers of a cluster, played by hand: they do what they are told at once."""

from collections.abc import Callable

from consul_on_pulumi.model.rollout import ClusterView, ServerStatus

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]
LOOKS = 5
"""How often somebody looks before the patience of these tests ends."""


class ScriptedServers:
    """Answers like `Servers`, and does what it is told at once. Server 0 leads, all are voters."""

    def __init__(self) -> None:
        self.names = list(NAMES)
        self.leader: str | None = NAMES[0]
        self.down: set[str] = set()
        self.learning: set[str] = set()
        """Members that do not vote yet."""
        self.applied = dict.fromkeys(NAMES, 100)
        self.running = dict.fromkeys(NAMES, "old")
        """What each was started with."""
        self.known_by: dict[str, set[str]] = {name: set(NAMES) for name in NAMES}
        self.deaf = False
        """Whether nothing that it is told has any effect."""
        self.done: list[tuple[str, ...]] = []
        self.events: list[Callable[[], object]] = []
        """Happen one by one between two looks."""

    def look(self) -> ClusterView:
        return ClusterView(
            status={name: self._seen(name) for name in self.names if name not in self.down},
            voters={f"id-of-{name}": f"{name}:8300" for name in self.names if name not in self.learning},
            peers=frozenset(self.names),
        )

    def until(self, settled: Callable[[ClusterView], bool], timeout: float) -> ClusterView | None:
        assert timeout > 0
        for _ in range(LOOKS):
            if settled(view := self.look()):
                return view
            if self.events:
                self.events.pop(0)()
        return None

    def spec_hash(self, name: str) -> str | None:
        return None if name in self.down else self.running[name]

    def transfer_leadership(self, leader: str, successor: str, node_id: str) -> None:
        self.done.append(("transfer", leader, successor, node_id))
        self.leader = leader if self.deaf else successor

    def leave(self, name: str) -> None:
        self.done.append(("leave", name))
        if not self.deaf:
            self.names.remove(name)

    def forget(self, by: str, name: str, address: str | None) -> None:
        self.done.append(("forget", by, name, address or ""))
        if not self.deaf:
            self.known_by[by].discard(name)
            if name in self.names:
                self.names.remove(name)

    def members(self, by: str) -> set[str]:
        return self.known_by[by]

    def peer_address(self, by: str, name: str) -> str | None:
        return f"{name}:8300" if name in self.names else None

    def _seen(self, name: str) -> ServerStatus:
        return ServerStatus(
            node_id=f"id-of-{name}",
            address=f"{name}:8300",
            leads=name == self.leader,
            term=3,
            commit=100,
            applied=self.applied[name],
        )

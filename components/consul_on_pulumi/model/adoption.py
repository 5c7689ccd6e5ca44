"""How an open cluster becomes a closed one while it runs: in phases, each of which understands the one before.

Consul docs: "Enable gossip encryption on an existing datacenter", "Configure TLS on an existing datacenter", and the
default policy `allow` of ACLs.
"""

from collections.abc import Iterator, Mapping

OPEN, ACCEPT, SPEAK, INSIST = "", "accept", "speak", "insist"
"""An agent of an open cluster; one that also understands encrypted gossip and TLS; one that speaks them itself; one
that is closed, and answers nothing else."""
PHASES = (OPEN, ACCEPT, SPEAK, INSIST)
"""In their order. Agents understand each other if their phases are neighbours."""
TOLD = {
    OPEN: "open: everyone may join, read and change everything",
    ACCEPT: "closed, step 1 of 3: every agent gets its certificate, the gossip key and its token. It understands "
    "encrypted gossip and TLS, and still speaks as before. Requests without a token are answered",
    SPEAK: "closed, step 2 of 3: every agent encrypts gossip and RPC, and still understands the others. Requests "
    "without a token are answered, so let all programs use HTTPS and tokens now",
    INSIST: "closed, step 3 of 3: nothing is answered without a token or a certificate. There is no way back",
}
"""What each phase means."""


def phase(security: Mapping[str, object]) -> str:
    """The phase that these settings ask for."""
    return str(security.get("adoption", INSIST)) if security["enabled"] else OPEN


def problems(path: str, wanted: str, agents: Mapping[str, str]) -> Iterator[str]:
    """Why a cluster whose `agents`, name to phase, are as they are cannot get the phase `wanted`; `path` is that of the
    settings of security."""
    if wanted != INSIST and agents and set(agents.values()) == {INSIST}:
        yield (
            f"{path}: expected `enabled: true` and no `adoption`: the cluster is closed, and agents that answer "
            "everyone would give away what it protects. Set it back, or destroy this cluster first"
        )
        return
    place = PHASES.index(wanted)
    far = {name: found for name, found in agents.items() if abs(PHASES.index(found) - place) > 1}
    if far:
        at = min(map(PHASES.index, far.values()))
        way = PHASES[at + 1 : place + 1] if at < place else PHASES[place:at][::-1]
        names = ", ".join(f"{name} ({found or 'open'})" for name, found in sorted(far.items()))
        stay = ", or `enabled: false` to leave the cluster open" if OPEN in far.values() else ""
        yield (
            f"{path}: expected {_setting(way[0])} first, got {_setting(wanted)}: {names} would not understand the "
            f"others. Run `pulumi up` with {', then with '.join(map(_setting, way))}{stay}"
        )


def _setting(of: str) -> str:
    return {OPEN: "`enabled: false`", INSIST: "`enabled: true` and no `adoption`"}.get(of, f"`adoption: {of}`")

"""Which way leads from one release to another, by Consul's own rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import Release, minor, text

LAST_1 = 22
"""The last minor release before 2.0."""
MAX_STEP = 2
"""How many minor releases an upgrade may go up at once, which Consul calls major (docs/upgrade/instructions: "each
upgrade should jump at most 2 major versions")."""
WAL_IS_DEFAULT: Release = (1, 20, 0)
"""From this release on a new server keeps its Raft log in `raft/wal`, which older ones ignore unless configured
otherwise (agent/consul/server.go, setupRaft)."""


def refusal(before: Release, after: Release) -> str | None:
    """Why this upgrade is refused, with the release to take first; None if Consul's rules allow it."""
    step = _place(after) - _place(before)
    if step <= MAX_STEP:
        return None
    between = _minor_at(_place(before) + MAX_STEP)
    return (
        f"Consul {text(before)} → {text(after)} skips {step - 1} minor releases, and Consul allows skipping only one: "
        f"upgrade to Consul {between} first (https://developer.hashicorp.com/consul/docs/upgrade/instructions)"
    )


UPGRADE, DOWNGRADE, FORBIDDEN = "upgrade", "downgrade", "forbidden"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of servers that run certain releases."""

    kind: str = ""
    """UPGRADE, DOWNGRADE, FORBIDDEN, or empty if all run the wanted release."""
    text: str = ""
    """The same as a sentence without its end, or why it is forbidden."""


def change(running: Mapping[str, Release], wanted: Release, clients: int) -> Change:
    """What becomes of servers that run these releases, by node name, if all are to run the `wanted` one."""
    newer = {name: found for name, found in running.items() if found > wanted}
    concerned = newer or {name: found for name, found in running.items() if found < wanted}
    if not concerned:
        return Change()
    if not newer and (reason := refusal(min(concerned.values()), wanted)):
        return Change(FORBIDDEN, reason)
    releases = sorted(set(concerned.values()))
    what = "Downgrades" if newer else "Upgrades"
    # Where only some servers are to go back, no client has gone ahead.
    follow = 0 if newer and len(newer) < len(running) else clients
    said = f"{what} Consul {', '.join(map(text, releases))} → {text(wanted)} on {_on(concerned, running, follow)}"
    if newer:
        said += f". What could fail: {'; '.join(risks(releases[-1], wanted))}"
    elif len(concerned) < len(running):
        done = ", ".join(f"`{name}`" for name in sorted(running.keys() - concerned.keys()))
        said += f". {done} {'runs' if len(running) - len(concerned) == 1 else 'run'} it already: "
        said += "an earlier rollout did not finish"
    return Change(DOWNGRADE if newer else UPGRADE, said)


def _on(concerned: Mapping[str, Release], running: Mapping[str, Release], clients: int) -> str:
    """`3 servers, one by one, then 1 client`."""
    if len(concerned) < len(running):
        servers = ", ".join(f"`{name}`" for name in sorted(concerned))
    else:
        servers = "1 server" if len(concerned) == 1 else f"{len(concerned)} servers"
    servers += ", one by one" if len(concerned) > 1 else ""
    return servers + (f", then {clients} client{'s' if clients > 1 else ''}" if clients else "")


def risks(before: Release, after: Release) -> Iterator[str]:
    """What could fail in a downgrade; nothing for anything else."""
    if after >= before:
        return
    if after < WAL_IS_DEFAULT <= before:
        yield (
            f"{minor(after)} ignores the Raft log in `raft/wal`, where {minor(WAL_IS_DEFAULT)} and newer begin it: "
            "servers start without the data in it"
        )
    new = [message for message in formats().messages if after < message.since <= before]
    if new:
        listed = ", ".join(f"{message.number} ({message.name})" for message in new)
        yield f"{minor(after)} does not start if the Raft log or a snapshot has entries of type {listed}"
    if not formats().covers(before):
        yield f"what {minor(before)} stores is not known here"
    yield "Consul supports no downgrade: only a snapshot from before the upgrade is sure to work"


def _place(release: Release) -> int:
    """The place of a minor release among all."""
    return {0: -1, 1: release[1]}.get(release[0], LAST_1 + 1 + release[1])


def _minor_at(place: int) -> str:
    return f"1.{place}" if place <= LAST_1 else f"2.{place - LAST_1 - 1}"

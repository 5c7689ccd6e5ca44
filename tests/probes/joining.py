"""What a stranger tries with agents of its own."""

import time
from collections.abc import Iterator

from tests.probes.probe import Probe, Stranger, until

KEY_ALONE = (
    "gossip has no identities: who has the key is a member, sees names and addresses, and as a server is listed among "
    "the peers, without a vote and without data. The key is a secret of the stack, in a file that agents alone read; "
    "it gives no answer of the API and no RPC"
)
ANSWERED = "LAN. joined|join:|Join .*failed"
"""Is in the log of an agent that was let in or refused."""
AGENTS = {"client": 9500, "server": 9501, "insider": 9502, "rogue": 9503}
"""The ports of their APIs. The last two have the gossip key, and the second and the last one are servers."""
VOTES = 20.0
"""Seconds after which Consul lets a healthy server vote: 5 to 15, as the stabilization time and its interval say."""
NO_ANSWER = 30.0
"""Seconds for the agents to be let in or refused."""


def start(stranger: Stranger) -> float:
    """Start all of them, and say when. They run while others probe."""
    # By default a refused request is repeated for 7 seconds.
    impatient = "-hcl 'performance { rpc_hold_timeout = \"1s\" }'"
    common = f"-retry-join={stranger.servers[0]}:8301 -retry-interval=1s -dns-port=-1 -grpc-port=-1 -grpc-tls-port=-1"
    key = f"-encrypt={stranger.gossip_key} " if stranger.gossip_key else ""
    own = {"server": "-server -server-port=9300 ", "insider": key, "rogue": f"-server -server-port=9310 {key}"}
    starts = [
        f"consul agent -data-dir=/tmp/{name} -node=stranger-{name} -http-port={port} -serf-lan-port={port - 100} "
        f"-serf-wan-port=-1 {own.get(name, '')}{common} {impatient} >/tmp/{name}.log 2>&1 </dev/null &"
        for name, port in AGENTS.items()
    ]
    stranger.sh("\n".join(starts))
    return time.monotonic()


def probes(stranger: Stranger) -> Iterator[Probe]:
    """What each of them gets, once all were let in or refused."""
    answered = until(lambda: len(stranger.sh(f"grep -lE '{ANSWERED}' /tmp/*.log").split()) == len(AGENTS), NO_ANSWER)
    assert answered, stranger.sh("tail -n 5 /tmp/*.log")

    def joined(name: str) -> bool:
        return f"stranger-{name} " in stranger.inside("consul members")

    def reads(name: str) -> bool:
        return "web" in stranger.sh(f"CONSUL_HTTP_ADDR=127.0.0.1:{AGENTS[name]} timeout 5 consul kv get app/name 2>&1")

    who, gossip = "an agent in the network", "gossip encryption"
    yield Probe(who, "joins as a client", gossip, lambda: joined("client"))
    yield Probe(who, "reads a key as a client", gossip, lambda: reads("client"))
    yield Probe(who, "joins as a server", gossip, lambda: joined("server"))
    yield Probe(who, "becomes a peer in Raft", gossip, lambda: bool(peers(stranger, "server")))
    yield Probe(
        "who has the gossip key",
        "joins as a client with the gossip key",
        "",
        lambda: until(lambda: joined("insider"), NO_ANSWER),
        KEY_ALONE,
    )
    yield Probe("who has the gossip key", "reads a key with the gossip key", "TLS and ACLs", lambda: reads("insider"))


def later(stranger: Stranger, began: float) -> Iterator[Probe]:
    """What takes the agents, which `began` then, some time."""

    def votes() -> bool:
        return any(line.split()[4] == "true" for line in peers(stranger, "rogue"))

    yield Probe(
        "who has the gossip key",
        "votes in Raft with the gossip key",
        "TLS: no server sends it the log, so it never catches up",
        lambda: until(votes, began + VOTES - time.monotonic()),
        always=True,
    )


def peers(stranger: Stranger, name: str) -> list[str]:
    """The lines about one of the agents in the list of Raft peers."""
    lines = stranger.inside("consul operator raft list-peers").splitlines()
    return [line for line in lines if line.startswith(f"stranger-{name} ")]

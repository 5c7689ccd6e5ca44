"""What a stranger tries with agents of its own."""

from collections.abc import Iterator
from functools import cache

from tests.probes.probe import Probe, Stranger

KEY_ALONE = (
    "gossip has no identities: who has the key is a member, sees names and addresses, and as a server is listed among "
    "the peers, without a vote and without data. The key is a secret of the stack, in a file that agents alone read; "
    "it gives no answer of the API and no RPC"
)
ANSWERED = "LAN. joined|join:|Join .*failed"
"""Is in the log of an agent that was let in or refused."""
WAIT = f"for I in $(seq 40); do [ $(grep -lE '{ANSWERED}' /tmp/*.log | wc -l) = 4 ] && break; sleep 0.5; done; sleep 3"


def probes(stranger: Stranger) -> Iterator[Probe]:
    """All of them: the agents run at the same time."""
    first = stranger.servers[0]
    # By default a refused request is repeated for 7 seconds.
    impatient = "-hcl 'performance { rpc_hold_timeout = \"1s\" }'"
    common = f"-retry-join={first}:8301 -retry-interval=1s -dns-port=-1 -grpc-port=-1 {impatient}"
    key = f"-encrypt={stranger.gossip_key} " if stranger.gossip_key else ""
    agents = {
        "client": ("", 9500),
        "server": ("-server -server-port=9300 ", 9501),
        "insider": (key, 9502),
        "rogue": (f"-server -server-port=9310 {key}", 9503),
    }
    starts = [
        f"consul agent -data-dir=/tmp/{name} -node=stranger-{name} -http-port={port} -serf-lan-port={port - 100} "
        f"-serf-wan-port=-1 {options}{common} >/tmp/{name}.log 2>&1 &"
        for name, (options, port) in agents.items()
    ]
    read = (
        'for P in 9500 9502; do echo "@@ $P"; CONSUL_HTTP_ADDR=127.0.0.1:$P timeout 3 consul kv get app/name 2>&1; done'
    )

    @cache
    def seen() -> tuple[str, dict[str, str]]:
        """The members according to the cluster, and what the agents read."""
        answers = stranger.sh("\n".join([*starts, WAIT, read]))
        return stranger.inside("consul members"), dict(part.split("\n", 1) for part in answers.split("@@ ")[1:])

    def joined(name: str) -> bool:
        return f"stranger-{name} " in seen()[0]

    who, gossip = "an agent in the network", "gossip encryption"
    yield Probe(who, "joins as a client", gossip, lambda: joined("client"))
    yield Probe(who, "reads a key as a client", gossip, lambda: "web" in seen()[1]["9500"])
    yield Probe(who, "joins as a server", gossip, lambda: joined("server"))
    yield Probe(who, "becomes a peer in Raft", gossip, lambda: bool(peers(stranger, "server")))
    yield Probe(
        "who has the gossip key", "joins as a client with the gossip key", "", lambda: joined("insider"), KEY_ALONE
    )
    yield Probe(
        "who has the gossip key", "reads a key with the gossip key", "TLS and ACLs", lambda: "web" in seen()[1]["9502"]
    )


def later(stranger: Stranger) -> Iterator[Probe]:
    """What takes the agents of `probes` some time: Consul lets a healthy server vote after 5 to 15 seconds."""
    yield Probe(
        "who has the gossip key",
        "votes in Raft with the gossip key",
        "TLS: no server sends it the log, so it never catches up",
        lambda: any(line.split()[4] == "true" for line in peers(stranger, "rogue")),
        always=True,
    )


def peers(stranger: Stranger, name: str) -> list[str]:
    """The lines about one of the agents in the list of Raft peers."""
    lines = stranger.inside("consul operator raft list-peers").splitlines()
    return [line for line in lines if line.startswith(f"stranger-{name} ")]

"""What a stranger tries with Consul's own command, at the addresses of the agents."""

import re
from collections.abc import Iterator
from functools import cache

from tests.probes.probe import Probe, Stranger

ACLS = "ACLs: nothing is allowed without a token"

READS = (
    ("reads a key", "kv get app/name", "web"),
    ("lists the keys", "kv get -keys", "app/"),
    ("exports the store", "kv export", '"key"'),
    ("lists the members", "members", "server-0"),
    ("lists the nodes", "catalog nodes", "server-0"),
    ("lists the services", "catalog services", "consul"),
    ("lists the peers of Raft", "operator raft list-peers", "leader|follower"),
    ("reads the state of an agent", "info", "build:"),
    ("reads the log of an agent", "monitor -log-level=trace", r"\[(TRACE|DEBUG|INFO|WARN)\]"),
    ("reads the settings of autopilot", "operator autopilot get-config", "CleanupDeadServers"),
    ("counts the services", "operator usage instances", "consul|Services|instances"),
    ("reads the authority of the mesh", "connect ca get-config", "Provider"),
    ("lists the peers of Raft as a follower knows them", "operator raft list-peers -stale", "leader|follower"),
    ("watches a key", "watch -type=key -key=app/name cat", '"LockIndex"'),
    ("saves a snapshot", "snapshot save /tmp/stolen.snap", "Saved"),
)
"""What is tried, the command, and what its output shows if it succeeds."""
WRITES = (
    ("writes a key", "kv put stranger/key 1", "Success"),
    ("overwrites a seed", "kv put motd stolen", "Success"),
    ("deletes keys", "kv delete -recurse stranger/", "Success"),
    ("takes a lock", "lock -try=1s stranger/lock echo taken", "taken"),
    ("registers a service", "services register -name=stranger", "Registered"),
    ("deregisters a service", "services deregister -id=stranger", "Deregistered"),
    ("takes a node out of service", "maint -enable -reason=stranger", "enabled"),
    ("sends an event to all agents", "event -name=stranger", "Event ID"),
    ("forbids a connection between services", "intention create -deny web db", "Created"),
    ("changes the settings of autopilot", "operator autopilot set-config -max-trailing-logs=251", "updated"),
    ("reloads an agent", "reload", "triggered"),
    ("makes another server leader", "operator raft transfer-leader", "Success"),
    ("restores a snapshot", "snapshot restore /tmp/stolen.snap", "Restored"),
    ("removes a server from Raft", "operator raft remove-peer -address={last}:8300", "Removed"),
    ("makes a server leave", "leave", "complete|Graceful"),
)
"""In an order in which an open cluster lives until the last one."""
NO_ACLS = (
    ("runs a command on all agents", "exec uptime", "load average", "`disable_remote_exec`"),
    ("makes itself the manager of the ACLs", "acl bootstrap", "SecretID", "the management token exists from the start"),
    ("lists the tokens", "acl token list", "AccessorID", ACLS),
    ("lists the policies", "acl policy list", "Rules|global-management", ACLS),
    ("lists the gossip keys", "keyring -list", r"\[\d+/\d+\]", ACLS),
    ("installs a gossip key", "keyring -install pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=", "Done|nstalled", ACLS),
)
"""What an open cluster does not do either."""
ATTEMPTS = 10
"""How often a command is tried that is neither done nor refused: a server that just became leader may do neither."""
REFUSED = "403|Permission denied|ACL support disabled|ACL not found"
ATTEMPT = f"""\
cd /tmp; export CONSUL_HTTP_SSL_VERIFY=false CONSUL_HTTP_ADDR=http://$A:8500
wget -q -O /dev/null $CONSUL_HTTP_ADDR/v1/status/leader || export CONSUL_HTTP_ADDR=https://$A:8501
attempt() {{
  N=$1; SHOWS=$2; shift 2
  case "$2" in monitor|watch) ENDS=3 ;; *) ENDS=20 ;; esac
  while [ $N -gt 0 ]; do
    timeout $ENDS "$@" >out 2>&1
    grep -qE "$SHOWS|{REFUSED}" out && break
    N=$((N - 1)); sleep 1
  done
  cat out
}}
"""
"""A function of the shell: how often, what the output shows if it succeeds, and the command. Only an open cluster
speaks plain HTTP."""


def probes(stranger: Stranger) -> Iterator[Probe]:
    """All of them: the commands run in one script, when the first one is asked for."""
    tried = [(tries, f"consul {command}", shows, False) for tries, command, shows in (*READS, *WRITES[:-1])]
    tried += [(tries, f"consul {command}", shows, True) for tries, command, shows, _ in NO_ACLS]
    tried += [(tries, f"consul {command}", shows, False) for tries, command, shows in WRITES[-1:]]
    stops = {tries: stop for tries, _, _, stop in NO_ACLS}
    first, last = stranger.servers[0], stranger.servers[-1]
    lines = [
        f"echo '@@ {tries}'; attempt {1 if always else ATTEMPTS} '{shows}' {command.format(last=last)}"
        for tries, command, shows, always in tried
    ]
    script = "\n".join([f"A={first}\n{ATTEMPT}", *lines])

    @cache
    def printed() -> dict[str, str]:
        parts = stranger.sh(script).split("@@ ")[1:]
        return dict(part.split("\n", 1) for part in parts)

    for tries, _, shows, always in tried:
        yield Probe(
            "a container in the network",
            tries,
            stops.get(tries, ACLS),
            lambda tries=tries, shows=shows: bool(re.search(shows, printed()[tries])),  # type: ignore[misc]
            always=always,
        )

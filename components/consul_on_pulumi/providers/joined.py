"""Agents that joined a cluster from elsewhere: no phase of security reaches them, so each needs what the next one asks
for before all others have it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model.adoption import INSIST, SPEAK
from consul_on_pulumi.model.connection import Connection, with_token
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import engine_log
from consul_on_pulumi.providers.evidence import REQUEST_TIMEOUT, operations

ALIVE = 1
"""The status of a member (serf, MemberStatus)."""
NEEDS = (
    "`encrypt` of /consul/secrets/security.json in any container or pod of this cluster, and a certificate of the "
    "authority with `tls.defaults.verify_outgoing`"
)
LEAVES = "or let it leave"


def problems(
    path: str, wanted: str, own: Mapping[str, str], location: Mapping[str, str], connection: Connection
) -> Iterator[str]:
    """Which agents the phase `wanted` would cut off; `own` are the names of this cluster's. Raises UnreachableError.

    Whether a client speaks TLS shows nowhere, so that is a warning.
    """
    if wanted not in (SPEAK, INSIST) or not own:
        return
    if not (servers := operations(location).agents(location, Role.SERVER, connection)):
        return
    members, keyless = _asked(list(servers.values()), with_token(connection, "management"))
    joined = [one for one in members if one["Name"] not in own and one["Status"] == ALIVE]
    for member in joined:
        who, tags = f"{path}: {member['Name']} ({member['Addr']}) joined from elsewhere", member.get("Tags") or {}
        if member["Name"] in keyless:
            yield f"{who} and has no gossip key, so no agent would hear it. Give it {NEEDS}, {LEAVES}"
        elif wanted == INSIST and tags.get("role") == "consul":
            if "use_tls" in tags:
                continue
            yield f"{who} and is a server without TLS, so the others would not answer it. Give it {NEEDS}, {LEAVES}"
        elif wanted == INSIST:
            engine_log.warn(
                f"{who}. Servers will answer it only if it speaks TLS, which cannot be seen from here: it needs {NEEDS}"
            )


def _asked(bases: list[str], connection: Connection) -> tuple[list[dict[str, Any]], set[str]]:
    """The members, and the names of those without gossip encryption. Raises UnreachableError."""
    problem = "no server is known"
    with access.session(connection) as http:
        for base in bases:
            try:
                members = http.get(f"{base}/v1/agent/members", timeout=REQUEST_TIMEOUT)
                # Every agent answers for itself; one that fails makes the whole answer an error with its name.
                keys = http.get(f"{base}/v1/operator/keyring", timeout=REQUEST_TIMEOUT * 4)
            except requests.RequestException as error:
                problem = str(error)
                continue
            if members.ok:
                return members.json(), set(re.findall(r"(\S+): .*?encryption not enabled", keys.text))
            problem = members.text
    raise UnreachableError(f"who joined from elsewhere cannot be seen: {problem}")

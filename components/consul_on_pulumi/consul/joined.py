"""Agents that joined a cluster from elsewhere: no phase of security reaches them, so each needs what the next one asks
for before all others have it."""

import re
from collections.abc import Collection, Sequence
from typing import Any

import requests

from consul_on_pulumi.consul import access, answers
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model.adoption import INSIST, SPEAK
from consul_on_pulumi.model.connection import Connection, with_token

TIMEOUT = 10.0
"""Seconds for one request: every agent is asked for its keys."""
ALIVE = 1
"""The status of a member (serf, MemberStatus)."""
NEEDS = (
    "`encrypt` of /consul/secrets/security.json in any container or pod of this cluster, and a certificate of the "
    "authority with `tls.defaults.verify_outgoing`"
)
LEAVES = "or let it leave"


def cut_off(
    path: str, wanted: str, own: Collection[str], bases: Sequence[str], connection: Connection
) -> tuple[list[str], list[str]]:
    """Which agents the phase `wanted` would cut off, and which it may: whether a client speaks TLS shows nowhere.

    `own` are the names of this cluster's agents, and `bases` the addresses of its servers. Raises UnreachableError.
    """
    problems: list[str] = []
    warnings: list[str] = []
    if wanted not in (SPEAK, INSIST) or not bases:
        return problems, warnings
    members, keyless = _asked(bases, with_token(connection, "management"))
    for member in members:
        if member["Name"] in own or member["Status"] != ALIVE:
            continue
        who, tags = f"{path}: {member['Name']} ({member['Addr']}) joined from elsewhere", member.get("Tags") or {}
        if member["Name"] in keyless:
            problems.append(f"{who} and has no gossip key, so no agent would hear it. Give it {NEEDS}, {LEAVES}")
        elif wanted == INSIST and tags.get("role") != "consul":
            warnings.append(
                f"{who}. Servers will answer it only if it speaks TLS, which cannot be seen from here: it needs {NEEDS}"
            )
        elif wanted == INSIST and "use_tls" not in tags:
            problems.append(
                f"{who} and is a server without TLS, so the others would not answer it. Give it {NEEDS}, {LEAVES}"
            )
    return problems, warnings


def _asked(bases: Sequence[str], connection: Connection) -> tuple[list[dict[str, Any]], set[str]]:
    """The members, and the names of those without gossip encryption. Raises UnreachableError."""
    problem = ""
    with access.session(connection) as http:
        for base in bases:
            try:
                members = http.get(f"{base}/v1/agent/members", timeout=TIMEOUT)
                # Every agent answers for itself; one that fails makes the whole answer an error with its name.
                keys = http.get(f"{base}/v1/operator/keyring", timeout=TIMEOUT)
            except requests.RequestException as error:
                problem = answers.silence(base, error)
                continue
            if members.ok:
                return members.json(), set(re.findall(r"(\S+): .*?encryption not enabled", keys.text))
            problem = answers.refusal(base, members)
    raise UnreachableError(f"who joined from elsewhere cannot be seen: {problem}")

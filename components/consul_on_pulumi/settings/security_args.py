"""The settings of security."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypedDict
from urllib.parse import urlsplit

import pulumi

from consul_on_pulumi.model.adoption import ACCEPT, SPEAK
from consul_on_pulumi.schema.definition import Setting
from consul_on_pulumi.schema.rules import between, matching, one_of

ANONYMOUS_READ = "read"
"""Who has no token may read everything."""


WORD = matching("[A-Za-z0-9._-]*", "letters, digits, dots, hyphens and underscores", 40)
"""A label of Docker and of Kubernetes holds it."""


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class RotateArgs(TypedDict, total=False):
    """What is generated again, whenever one of these words changes. A word may be a date."""

    certificates: Annotated[str, Setting(
        "The certificates of all agents.", "No agent is restarted.", default="", rule=WORD)]
    authority: Annotated[str, Setting(
        "The authority, and all certificates with it. Agents trust the old one too until the next `pulumi up`.",
        "No agent is restarted.", default="", rule=WORD)]
    tokens: Annotated[str, Setting(
        "The ACL tokens of agents and of this program.", "No agent is restarted.", default="", rule=WORD)]
    gossip_key: Annotated[str, Setting(
        "The key of gossip.", "No agent is restarted.", default="", rule=WORD)]
    management_token: Annotated[str, Setting(
        "The token that may do everything. A server that leads writes the one that it was started with again, so all "
        "have to restart before the old one is deleted.", "Rolls the servers.", default="", rule=WORD)]


class SecurityArgs(TypedDict, total=False):
    """Encryption, certificates and ACLs, from the first start of the agents."""

    enabled: Annotated[bool, Setting(
        "Whether the cluster is closed: gossip and RPC are encrypted, the API and the UI are served by HTTPS, every "
        "agent shows a certificate, and nothing is answered without a token. The program generates the key, the "
        "certificates and the tokens, and keeps them as secrets of the stack. With `false` everyone who reaches an "
        "agent may join the cluster, and read and change everything.",
        "In three updates, see `adoption`; refused otherwise.", default=True)]
    anonymous: Annotated[str, Setting(
        "What is answered without a token: `none`, or `read`, which shows keys, nodes and services to everyone who "
        "reaches an agent. On Docker `read` also serves plain HTTP in the private network and on the loopback "
        "ports, so that `curl` and browsers need no certificate.", "On Docker it rolls every agent.", default="none",
        rule=one_of("none", ANONYMOUS_READ))]
    dns: Annotated[bool, Setting(
        "Whether the DNS interface answers without a token.", "Rolls every agent.", default=True)]
    adoption: Annotated[str, Setting(
        "Closes a cluster that runs already, in three updates. `accept`: every agent gets certificates, a key and a "
        "token, and understands encrypted gossip and TLS. `speak`: every agent uses them. Without this setting: "
        "nothing else is understood, and nothing is answered without a token. Until then each can be taken back.",
        "Rolls every agent.", default_text="none, the cluster is closed", rule=one_of(ACCEPT, SPEAK))]
    rotate: Annotated[RotateArgs, Setting("What is generated again.", default={})]
    certificate_days: Annotated[pulumi.Input[int], Setting(
        "How many days a new certificate is valid. `pulumi up` generates another one in its last 30 days, or in the "
        "last third of its life if that is shorter.", "None by itself.", default=1825, rule=between(1, 3650))]


def problems(security: Mapping[str, Any], path: str) -> Iterator[str]:
    """Settings that have no effect."""
    for name in ("anonymous", "adoption") if not security.get("enabled") else ():
        if security.get(name, "none") != "none":
            yield f"{path}.{name}: has no effect without `enabled: true`, set both or none"


CERTIFICATE, KEY, GOSSIP, MANAGEMENT = "authority.crt", "authority.key", "gossip.key", "management.token"
ISSUED = "platform.kubernetes.certificates"
_OF_AGENT = re.compile(r"(server-[0-6]|client)\.(crt|key)")


def given_problems(given: Mapping[str, Any], path: str) -> Iterator[str]:
    """Names that mean nothing. What is in them is checked where it is used."""
    for name in given:
        if name not in (CERTIFICATE, KEY, GOSSIP, MANAGEMENT) and not _OF_AGENT.fullmatch(name):
            yield (
                f"{path}.{name}: expected {CERTIFICATE}, {KEY}, {GOSSIP}, {MANAGEMENT}, or of an agent server-0.crt, "
                "server-0.key and so on, client.crt, client.key"
            )


def certificate_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """Who signs certificates, where that is not clear, and what is missing of them; a tier alone is open."""
    given, unused = args.get("security_secrets", {}), f"{path}.{ISSUED}"
    path = f"{path}.security_secrets"
    issued = "certificates" in args.get("platform", {}).get("kubernetes", {})
    agents = {name for name in given if _OF_AGENT.fullmatch(name)}
    if issued and (both := sorted({*agents, *({CERTIFICATE, KEY} & given.keys())})):
        yield f"{path}.{both[0]}: {ISSUED} gives certificates too, leave one of the two out"
    elif not agents:
        if (CERTIFICATE in given) != (KEY in given):
            yield f"{path}: expected both {CERTIFICATE} and {KEY}, or none of them"
    else:
        if KEY in given:
            yield f"{path}.{KEY}: would sign nothing, since the certificates of the agents are given: leave it out"
        names = [f"server-{ordinal}" for ordinal in range(args["servers"])] + (["client"] if args["clients"] else [])
        needed = [CERTIFICATE, *(f"{name}.{end}" for name in names for end in ("crt", "key"))]
        if missing := [name for name in needed if name not in given]:
            yield f"{path}: expected {', '.join(missing)} as well, since certificates of other agents are given"
    if (issued or agents) and not args.get("security", {}).get("enabled"):
        yield f"{path if agents else unused}: has no effect in an open cluster, leave it out"


def access_problems(args: Mapping[str, Any], path: str) -> Iterator[str]:
    """A way to the servers that ends at a closed door, or gives the token to everyone on it."""
    url = urlsplit(str(args.get("platform", {}).get("kubernetes", {}).get("consul_access", "")))
    insists = args["security"].get("enabled") and "adoption" not in args["security"]
    if insists and url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield (
            f"{path}.platform.kubernetes.consul_access: expected a URL with https in a closed cluster: agents speak "
            "plain HTTP on their own loopback interface alone, and the token would be readable on the way"
        )


GIVEN = Setting(
    "What you have already and the program shall not generate, with `security`: `authority.crt` and `authority.key`, "
    "PEM of an authority or of an intermediate one; `gossip.key`, as `consul keygen` prints it; `management.token`, a "
    "UUID. Or the certificates themselves: `server-0.crt`, `server-0.key` of every server, `client.crt`, `client.key` "
    "if there are clients, and in `authority.crt` the authorities that agents trust. A stack file gives them beside "
    "`cluster`.",
    "Certificates of agents: every agent loads them, and none is restarted. Anything else is taken when the word in "
    "`security.rotate` changes.", default={}, secret=True, problems=given_problems)
SECURITY = Setting("Whether the cluster is closed to everyone without credentials.", default={}, problems=problems)

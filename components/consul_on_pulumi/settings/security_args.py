"""The settings of security."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypedDict

from consul_on_pulumi.model.adoption import ACCEPT, SPEAK
from consul_on_pulumi.schema.definition import Setting
from consul_on_pulumi.schema.rules import between, one_of

ANONYMOUS_READ = "read"
"""Who has no token may read everything."""


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class SecurityArgs(TypedDict, total=False):
    """Encryption, certificates and ACLs, from the first start of the agents."""

    enabled: Annotated[bool, Setting(
        "Whether the cluster is closed: gossip and RPC are encrypted, the API and the UI are served by HTTPS, every "
        "agent shows a certificate, and nothing is answered without a token. The program draws the key, the "
        "certificates and the tokens, and keeps them as secrets of the stack. With `false` everyone who reaches an "
        "agent may join the cluster, and read and change everything.", "Refused.", default=True)]
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
    certificate_days: Annotated[int, Setting(
        "How many days a new certificate is valid.", "None by itself.", default=1825, rule=between(1, 3650))]


def problems(security: Mapping[str, Any], path: str) -> Iterator[str]:
    """Settings that have no effect."""
    for name in ("anonymous", "adoption") if not security.get("enabled") else ():
        if security.get(name, "none") != "none":
            yield f"{path}.{name}: has no effect without `enabled: true`, set both or none"


SECURITY = Setting("Whether the cluster is closed to everyone without credentials.", default={}, problems=problems)

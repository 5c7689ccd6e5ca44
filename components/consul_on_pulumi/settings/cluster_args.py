"""The settings of a whole cluster: the arguments of ConsulCluster, and `cluster` in a stack file."""

from dataclasses import replace
from typing import Annotated, Any, Required, TypedDict

import pulumi

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.connection import TOKEN_TEXT, is_token
from consul_on_pulumi.model.topology import MAX_SERVERS
from consul_on_pulumi.platforms.choose import PlatformArgs
from consul_on_pulumi.schema.definition import Rule, Setting
from consul_on_pulumi.schema.rules import at_least, matching, no_empty_text, no_nulls
from consul_on_pulumi.settings.image import IMAGE
from consul_on_pulumi.settings.security_args import GIVEN, SECURITY, SecurityArgs
from consul_on_pulumi.settings.seed_set_args import SeedSetArgs

DEFAULT_IMAGE = "hashicorp/consul:1.22.7"
"""Exact, so that two runs create the same cluster. Why this one: docs/consul-versions.md."""

SERVERS = Rule(
    expected=f"an odd number from 1 to {MAX_SERVERS}",
    accepts=lambda value: value % 2 == 1 and 1 <= value <= MAX_SERVERS,
    schema={"enum": list(range(1, MAX_SERVERS + 1, 2))},
)
CLUSTER_NAME = replace(
    matching(
        "[a-z]([a-z0-9-]*[a-z0-9])?",
        f"lower-case letters, digits and inner hyphens, a letter first, at most {naming.MAX_CLUSTER} characters",
        naming.MAX_CLUSTER,
    ),
    # The name is often a default, with the name of a stack or of a component in it: the user has no line to correct.
    similar=naming.similar,
)
DATACENTER = matching("[a-z0-9_-]+", "lower-case letters, digits, hyphens and underscores", 255)
"""Consul docs, agent configuration, `datacenter`."""


PLATFORM = Setting(
    "Where the agents run: exactly one platform.",
    "Refused: another platform is another cluster, with no data of this one. Take a snapshot, destroy the cluster, "
    "create the other one and restore the snapshot.",
)
DATACENTER_SETTING = Setting("The Consul datacenter.", "Refused.", default="dc1", rule=DATACENTER)
IMAGE_SETTING = Setting(
    "The Consul image, by exact version or digest.",
    "Rolls the servers one by one, then the clients.",
    default=DEFAULT_IMAGE,
    rule=IMAGE,
)
CONSUL_VERSION = Setting(
    "The release of Consul in `image`, such as `1.22.7`, where its name does not tell: for a digest, and for another "
    "registry than Docker Hub. Settings and upgrades are checked for this release.",
    "None by itself.",
    default_text="the tag of an official image",
    rule=matching(r"[0-9]+\.[0-9]+\.[0-9]+", "a release such as 1.22.7", 20),
)
SNAPSHOT_BEFORE_UPGRADE = Setting(
    "Take a snapshot on this machine before servers get a newer release of Consul; the output `upgrade_snapshot` has "
    "its path. With `true` an upgrade without one fails before any server changes.",
    "None by itself.",
    default_text="if the folder can be written and a server leads",
)
PROTECT = Setting(
    "Whether Pulumi refuses to delete what holds data: on Docker the volumes of the servers, on Kubernetes their "
    "StatefulSet, and a network or a namespace of the cluster's own. The resource option `protect` of "
    "the component does the same. `pulumi state protect` lasts until the next `up` only, which sets what the program "
    "says.",
    "No agent is touched.",
    default=False,
)
SERVER_COUNT = Setting(
    "How many servers. 3 tolerate the loss of one, 5 of two.",
    "More servers join. Fewer: those with the highest ordinals leave Raft one by one, and their data is deleted, also "
    "with `retain_data`.",
    default=3,
    rule=SERVERS,
)
CLIENTS_AT_ONCE = Setting(
    "How many clients a change stops and starts at the same time. New ones start together, and those that are removed "
    "stop together. A DaemonSet counts the nodes.",
    "None by itself.",
    default_text="a quarter of them",
    rule=at_least(1),
)
TOKEN = Setting(
    "The ACL token of Consul that this program uses, and sends to this cluster alone. A stack file gives it beside "
    "`cluster`: `pulumi config set --secret token`.",
    "No agent is touched.",
    default_text="`CONSUL_HTTP_TOKEN_FILE`, else `CONSUL_HTTP_TOKEN`",
    rule=Rule(expected=TOKEN_TEXT, accepts=is_token),
    secret=True,
)
SECRET_FILES = ("agent_secrets", "server_secrets", "client_secrets")
"""The settings with secret files: of every agent, of servers, of clients."""


def agent_config(whose: str, change: str) -> Setting:
    """The definition of a setting with agent configuration."""
    return Setting(f"Consul's own agent configuration keys for {whose}.", change, default={}, problems=no_nulls)


def secret_files(whose: str, change: str) -> Setting:
    """The definition of a setting with secret files."""
    return Setting(
        f"Secret files by name. {whose} finds them in `/consul/secrets`. It reads those that end in `.json` or `.hcl` "
        "as configuration; `agent_config` can name any other, such as a key or a certificate, by its path. A stack "
        "file gives them beside `cluster`.",
        change,
        default={},
        secret=True,
    )


AGENT_SECRETS = secret_files("Every agent", "Rolls every agent.")


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class ConsulClusterArgs(TypedDict, total=False):
    """A whole cluster. A stack file has the same settings in YAML, under `cluster`."""

    platform: Required[Annotated[PlatformArgs, PLATFORM]]
    name: Annotated[str, Setting(
        "Prefix of every physical name.", "Refused.",
        default_text="`<component>-<stack>`, so that two stacks never share a name", rule=CLUSTER_NAME)]
    datacenter: Annotated[str, DATACENTER_SETTING]
    servers: Annotated[int, SERVER_COUNT]
    join: Annotated[list[pulumi.Input[str]], Setting(
        "Servers of a Consul cluster that exists already, by name or address as in Consul's `retry_join`. The servers "
        "become voters of it and create no cluster of their own: see [taking over a cluster](adoption.md). Remove it "
        "when the other servers have left.",
        "Refused once there is data. Without it every agent rolls.", default_text="none", problems=no_empty_text)]
    clients: Annotated[int, Setting(
        "How many clients. On Kubernetes with a `DaemonSet`, 1 means one on each node, and more are refused.",
        "No other agent is touched.", default=0, rule=at_least(0))]
    clients_at_once: Annotated[int, CLIENTS_AT_ONCE]
    image: Annotated[pulumi.Input[str], IMAGE_SETTING]
    consul_version: Annotated[str, CONSUL_VERSION]
    snapshot_before_upgrade: Annotated[bool, SNAPSHOT_BEFORE_UPGRADE]
    protect: Annotated[bool, PROTECT]
    agent_config: Annotated[dict[str, Any], agent_config("every agent, merged over the defaults", "Rolls every agent.")]
    server_config: Annotated[dict[str, Any], agent_config("servers, merged over `agent_config`", "Rolls the servers.")]
    client_config: Annotated[dict[str, Any], agent_config(
        "clients, merged over `agent_config`; `ui_config: {enabled: true}` gives each client a UI",
        "Rolls the clients.")]
    agent_secrets: Annotated[dict[str, pulumi.Input[str]], AGENT_SECRETS]
    server_secrets: Annotated[dict[str, pulumi.Input[str]], secret_files(
        "Every server, and no client,", "Rolls the servers.")]
    client_secrets: Annotated[dict[str, pulumi.Input[str]], secret_files(
        "Every client, and no server,", "Rolls the clients.")]
    security: Annotated[SecurityArgs, SECURITY]
    security_secrets: Annotated[dict[str, pulumi.Input[str]], GIVEN]
    token: Annotated[pulumi.Input[str], TOKEN]
    seeds: Annotated[dict[str, Any], Setting(
        "KV entries as a tree: `{a: {b: 1}}` seeds `a/b` with `1`. A key that exists already is refused; with "
        "`retain_data` or `join` it is adopted if it holds the same value.",
        "Writes the keys that differ and touches no agent.", default={})]
    seed_sets: Annotated[dict[str, SeedSetArgs], Setting(
        "More KV entries, by the name of the set: from files, with secret values, or with rules of their own.",
        "Another name is another set.", default={})]

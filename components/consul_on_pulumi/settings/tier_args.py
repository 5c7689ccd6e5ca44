"""The settings of one tier alone: the arguments of ConsulServer and ConsulClient."""

from dataclasses import replace
from typing import Annotated, Any, Required, TypedDict

import pulumi

from consul_on_pulumi.platforms.choose import PlatformArgs
from consul_on_pulumi.schema.definition import Setting
from consul_on_pulumi.schema.rules import at_least
from consul_on_pulumi.settings.cluster_args import (
    AGENT_SECRETS,
    CLIENTS_AT_ONCE,
    CLUSTER_NAME,
    CONSUL_VERSION,
    DATACENTER_SETTING,
    IMAGE_SETTING,
    PROTECT,
    SERVER_COUNT,
    SNAPSHOT_BEFORE_UPGRADE,
    TOKEN,
    agent_config,
)


def _platform(whose: str) -> Setting:
    return Setting(
        f"Where the {whose} run: on Docker on an existing `network`, on Kubernetes in an existing `namespace`.",
        "Refused.",
    )


def _cluster(text: str) -> Setting:
    return Setting(text, "Refused.", default_text="the component's name", rule=CLUSTER_NAME)


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class ConsulServerArgs(TypedDict, total=False):
    """A server tier on an existing network or in an existing namespace."""

    platform: Required[Annotated[PlatformArgs, _platform("servers")]]
    replicas: Annotated[int, SERVER_COUNT]
    cluster: Annotated[str, _cluster("Prefix of every physical name.")]
    datacenter: Annotated[str, DATACENTER_SETTING]
    image: Annotated[pulumi.Input[str], replace(IMAGE_SETTING, change="Rolls the servers one by one.")]
    consul_version: Annotated[str, CONSUL_VERSION]
    snapshot_before_upgrade: Annotated[bool, SNAPSHOT_BEFORE_UPGRADE]
    protect: Annotated[bool, PROTECT]
    agent_config: Annotated[dict[str, Any], agent_config(
        "the servers, merged over the defaults", "Rolls the servers one by one.")]
    agent_secrets: Annotated[dict[str, pulumi.Input[str]], AGENT_SECRETS]
    token: Annotated[pulumi.Input[str], TOKEN]


class ConsulClientArgs(TypedDict, total=False):
    """A client tier on an existing network or in an existing namespace."""

    platform: Required[Annotated[PlatformArgs, _platform("clients")]]
    replicas: Annotated[int, Setting(
        "How many clients, or 0.", "No other agent is touched.", default=1, rule=at_least(0))]
    clients_at_once: Annotated[int, CLIENTS_AT_ONCE]
    servers: Annotated[int, replace(
        SERVER_COUNT, text="How many servers there are to join.", change="From 3 on no client is touched.")]
    cluster: Annotated[str, _cluster("Prefix of every physical name, the same as that of the servers.")]
    datacenter: Annotated[str, replace(DATACENTER_SETTING, text="The Consul datacenter to join.")]
    image: Annotated[pulumi.Input[str], replace(IMAGE_SETTING, change="Rolls the clients.")]
    consul_version: Annotated[str, CONSUL_VERSION]
    agent_config: Annotated[dict[str, Any], agent_config(
        "the clients, merged over the defaults; `ui_config: {enabled: true}` serves the UI", "Rolls the clients.")]
    agent_secrets: Annotated[dict[str, pulumi.Input[str]], AGENT_SECRETS]

"""`protect` keeps what holds data, and lets everything else be replaced."""

from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster, ConsulServer

from tests.platform_cases import PlatformCase
from tests.recording import Build, build, cluster_args, server_args

DATA = {
    "docker": {"consul-network", "consul-server-0-data", "consul-server-1-data", "consul-server-2-data"},
    "kubernetes": {"consul-namespace", "consul-server-stateful-set"},
}
KINDS = ("Network", "Volume", "Container", "Namespace", "StatefulSet", "Deployment", "ConfigMap", "KvEntries")


def protected(seen: Build) -> set[str]:
    return {one.name for kind in KINDS for one in seen.of(kind) if one.protect}


@pytest.mark.parametrize(("setting", "option"), [(True, None), (False, True)])
def test_the_setting_and_the_resource_option_protect_what_holds_data_alone(
    platform: PlatformCase, setting: bool, option: bool | None
) -> None:
    args = cluster_args(platform.cluster, protect=setting, seeds={"a": 1})
    opts = pulumi.ResourceOptions(protect=option)
    seen = build(lambda: {"c": ConsulCluster("consul", args, opts).servers})
    assert protected(seen) == DATA[platform.name]


def test_nothing_is_protected_by_default(platform: PlatformCase) -> None:
    seen = build(lambda: {"c": ConsulCluster("consul", cluster_args(platform.cluster)).servers})
    assert not [one.name for one in seen.seen if one.protect]


def test_a_tier_alone_protects_the_data_of_its_servers(platform: PlatformCase) -> None:
    args: Any = server_args(platform.tier, protect=True)
    seen = build(lambda: {"c": ConsulServer("consul-server", args).http_addresses})
    assert protected(seen) == DATA[platform.name] - {"consul-network", "consul-namespace"}

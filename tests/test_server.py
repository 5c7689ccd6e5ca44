"""ConsulServer, the server tier alone. Real servers are tested in tests/e2e."""

from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulServer

from tests.platform_cases import PlatformCase
from tests.recording import ROOT, Build, build, server_args


def servers(platform: PlatformCase, *, preview: bool = False, exists: bool = True, **more: Any) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulServer("tier", server_args(platform.tier, **more))
        return {"http": made.http_addresses, "ui": made.ui_urls, "dns": made.dns_addresses}

    return build(program, preview=preview, exists=exists)


def test_every_resource_is_a_child_of_the_component(platform: PlatformCase) -> None:
    seen = servers(platform).seen

    assert {one.name: one.parent for one in seen if one.parent != "tier"} == {"tier": ROOT}
    assert len(seen) > 1


def test_there_are_three_servers_by_default(platform: PlatformCase) -> None:
    assert platform.agents(servers(platform), "tier") == 3


@pytest.mark.parametrize("replicas", [1, 3, 5, 7])
def test_there_are_as_many_servers_as_given_and_each_expects_that_many(platform: PlatformCase, replicas: int) -> None:
    seen = servers(platform, replicas=replicas)

    expected = [part for part in platform.arguments(seen, "tier") if part.startswith("-bootstrap")]
    assert expected == [f"-bootstrap-expect={replicas}"]
    assert platform.agents(seen, "tier") == replicas


def test_the_outputs_are_the_addresses_of_the_servers_by_ordinal(platform: PlatformCase) -> None:
    seen = servers(platform)

    assert seen.outputs == {
        "http": platform.http(3, 0, "lan"),
        "ui": platform.ui(3, "lan"),
        "dns": platform.dns(3, 0),
    }
    assert seen.registered_outputs == {
        "tier": {
            "http_addresses": seen.outputs["http"],
            "ui_urls": seen.outputs["ui"],
            "dns_addresses": seen.outputs["dns"],
            "upgrade_snapshot": "/tier-version.snap",
        }
    }


def test_there_is_no_ui_url_if_the_configuration_disables_the_ui(platform: PlatformCase) -> None:
    assert servers(platform, agent_config={"ui_config": {"enabled": False}}).outputs["ui"] == []


def test_names_begin_with_the_cluster_or_with_the_component_by_default(platform: PlatformCase) -> None:
    own = build(lambda: {"http": ConsulServer("tier", {"platform": platform.tier}).http_addresses})  # type: ignore[typeddict-item]

    assert all(name.startswith("tier-server") for name in platform.object_names(own, "tier"))
    assert all(name.startswith("dev-server") for name in platform.object_names(servers(platform), "tier"))


def test_a_users_configuration_and_datacenter_reach_every_server(platform: PlatformCase) -> None:
    seen = servers(platform, datacenter="east", agent_config={"log_level": "DEBUG"})

    assert platform.document(seen, "tier")["datacenter"] == "east"
    assert platform.document(seen, "tier")["log_level"] == "DEBUG"


def test_the_first_preview_shows_every_resource(platform: PlatformCase) -> None:
    first, update = servers(platform, preview=True, exists=False), servers(platform)

    assert {one.urn for one in first.seen} == {one.urn for one in update.seen}


def test_a_tier_alone_registers_an_identity_of_its_own_with_its_first_size(platform: PlatformCase) -> None:
    alone = servers(platform, replicas=5)

    assert alone.names("ClusterIdentity") == ["tier-identity"]
    assert alone["tier-identity"].inputs["servers"] == 5
    assert "-bootstrap-expect=5" in platform.arguments(alone, "tier")


def test_b8_the_children_of_a_tier_have_its_depends_on_and_itself_has_none(platform: PlatformCase) -> None:
    def program() -> None:
        other = pulumi.CustomResource("test:index:Other", "other")
        ConsulServer("tier", server_args(platform.tier), pulumi.ResourceOptions(depends_on=[other]))

    seen = build(program)

    # A refresh that runs the program fails at a component whose dependency is gone.
    assert {one.name for one in seen.seen if "other" not in one.depends_on} == {"other", "tier"}


def test_two_runs_register_the_same_resources(platform: PlatformCase) -> None:
    one, other = servers(platform), servers(platform)

    assert {each.urn: each for each in one.seen} == {each.urn: each for each in other.seen}

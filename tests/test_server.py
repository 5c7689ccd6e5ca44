"""The server tier alone. That servers elect a leader is for the tests on a real engine to say."""

from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulServer

from tests.backends import Backend
from tests.recording import ROOT, Build, build, server_args


def servers(backend: Backend, *, preview: bool = False, exists: bool = True, **more: Any) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulServer("tier", server_args(backend.tier, **more))
        return {"http": made.http_addresses, "ui": made.ui_urls, "dns": made.dns_addresses}

    return build(program, preview=preview, exists=exists)


def test_no_child_is_left_outside_the_component(backend: Backend) -> None:
    seen = servers(backend).seen

    assert {one.name: one.parent for one in seen if one.parent != "tier"} == {"tier": ROOT}
    assert len(seen) > 1


def test_there_are_three_servers_unless_told(backend: Backend) -> None:
    assert backend.agents(servers(backend), "tier") == 3


@pytest.mark.parametrize("replicas", [1, 3, 5, 7])
def test_there_are_as_many_servers_as_told_and_each_expects_that_many(backend: Backend, replicas: int) -> None:
    seen = servers(backend, replicas=replicas)

    expected = [part for part in backend.arguments(seen, "tier") if part.startswith("-bootstrap")]
    assert expected == [f"-bootstrap-expect={replicas}"]
    assert backend.agents(seen, "tier") == replicas


def test_the_outputs_are_the_addresses_of_the_servers_by_ordinal(backend: Backend) -> None:
    seen = servers(backend)

    assert seen.outputs == {
        "http": backend.http(3, 0, "lan"),
        "ui": backend.ui(3, "lan"),
        "dns": backend.dns(3, 0),
    }
    assert seen.registered_outputs == {
        "tier": {
            "http_addresses": seen.outputs["http"],
            "ui_urls": seen.outputs["ui"],
            "dns_addresses": seen.outputs["dns"],
        }
    }


def test_no_ui_is_promised_where_the_configuration_turns_it_off(backend: Backend) -> None:
    assert servers(backend, agent_config={"ui_config": {"enabled": False}}).outputs["ui"] == []


def test_names_come_from_the_component_unless_the_cluster_has_its_own(backend: Backend) -> None:
    own = build(lambda: {"http": ConsulServer("tier", {"platform": backend.tier}).http_addresses})  # type: ignore[typeddict-item]

    assert all(name.startswith("tier-server") for name in backend.object_name(own, "tier"))
    assert all(name.startswith("dev-server") for name in backend.object_name(servers(backend), "tier"))


def test_a_users_configuration_and_datacenter_reach_every_server(backend: Backend) -> None:
    seen = servers(backend, datacenter="east", agent_config={"log_level": "DEBUG"})

    assert backend.document(seen, "tier")["datacenter"] == "east"
    assert backend.document(seen, "tier")["log_level"] == "DEBUG"


def test_the_first_preview_shows_every_resource_though_nothing_is_computed_yet(backend: Backend) -> None:
    first, update = servers(backend, preview=True, exists=False), servers(backend)

    assert {one.urn for one in first.seen} == {one.urn for one in update.seen}


def test_a_tier_alone_registers_an_identity_of_its_own_with_its_first_size(backend: Backend) -> None:
    alone = servers(backend, replicas=5)

    assert alone.names("ClusterIdentity") == ["tier-identity"]
    assert alone["tier-identity"].inputs["servers"] == 5
    assert "-bootstrap-expect=5" in backend.arguments(alone, "tier")


def test_a_tier_waits_for_what_it_is_told_to_wait_for(backend: Backend) -> None:
    def program() -> None:
        shared_resources = pulumi.CustomResource("test:index:SharedResources", "shared_resources")
        ConsulServer("tier", server_args(backend.tier), pulumi.ResourceOptions(depends_on=[shared_resources]))

    seen = build(program)

    assert {one.name for one in seen.seen if "shared_resources" not in one.depends_on} == {"shared_resources"}


def test_two_runs_ask_for_exactly_the_same(backend: Backend) -> None:
    one, other = servers(backend), servers(backend)

    assert {each.urn: each for each in one.seen} == {each.urn: each for each in other.seen}

"""The server tier alone. That servers elect a leader is for the tests on a real engine to say."""

from typing import Any

import pulumi
import pytest

from components import ConsulServer
from tests.conftest import Backend
from tests.recording import ROOT, Build, build, document, server_args


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
    assert servers(backend).names("Container") == ["tier-0", "tier-1", "tier-2"]


@pytest.mark.parametrize("replicas", [1, 3, 5, 7])
def test_there_are_as_many_servers_as_told_and_each_expects_that_many(backend: Backend, replicas: int) -> None:
    containers = servers(backend, replicas=replicas).of("Container")

    expected = [part for one in containers for part in one.inputs["command"] if part.startswith("-bootstrap")]
    assert expected == [f"-bootstrap-expect={replicas}"] * len(containers)
    assert len(containers) == replicas


def test_no_server_is_made_from_another(backend: Backend) -> None:
    seen = servers(backend)
    containers = set(seen.names("Container"))

    for server in seen.of("Container"):
        assert {name: made_of & containers for name, made_of in server.input_from.items() if made_of & containers} == {}


def test_the_outputs_are_the_addresses_of_the_servers_by_ordinal(backend: Backend) -> None:
    seen = servers(backend)

    assert seen.outputs == {
        "http": ["http://127.0.0.1:8500", "http://127.0.0.1:8501", "http://127.0.0.1:8502"],
        "ui": ["http://127.0.0.1:8500/ui/", "http://127.0.0.1:8501/ui/", "http://127.0.0.1:8502/ui/"],
        "dns": ["127.0.0.1:8600", "127.0.0.1:8601", "127.0.0.1:8602"],
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
    own = build(lambda: {"http": ConsulServer("tier", {"placement": backend.tier}).http_addresses})  # type: ignore[typeddict-item]

    assert [one.inputs["name"] for one in own.of("Container")] == ["tier-server-0", "tier-server-1", "tier-server-2"]
    assert [one.inputs["name"] for one in servers(backend).of("Container")] == [
        "dev-server-0",
        "dev-server-1",
        "dev-server-2",
    ]


def test_a_users_configuration_and_datacenter_reach_every_server(backend: Backend) -> None:
    seen = servers(backend, datacenter="east", agent_config={"log_level": "DEBUG"})

    for server in seen.of("Container"):
        assert document(server)["datacenter"] == "east"
        assert document(server)["log_level"] == "DEBUG"


def test_the_first_preview_shows_every_resource_though_nothing_is_computed_yet(backend: Backend) -> None:
    first, update = servers(backend, preview=True, exists=False), servers(backend)

    assert {one.urn for one in first.seen} == {one.urn for one in update.seen}


def test_a_tier_remembers_its_own_size_at_birth_unless_it_is_told(backend: Backend) -> None:
    alone, told = servers(backend, replicas=5), servers(backend, replicas=5, initial_servers=3, mark="m")

    assert alone.names("Birth") == ["tier-birth"]
    assert alone["tier-birth"].inputs["servers"] == 5
    assert told.names("Birth") == []
    assert "-bootstrap-expect=3" in told["tier-4"].inputs["command"]


def test_a_tier_waits_for_what_it_is_told_to_wait_for(backend: Backend) -> None:
    def program() -> None:
        ground = pulumi.CustomResource("test:index:Ground", "ground")
        ConsulServer("tier", server_args(backend.tier), pulumi.ResourceOptions(depends_on=[ground]))

    seen = build(program)

    assert {one.name for one in seen.seen if "ground" not in one.depends_on} == {"ground"}


def test_two_runs_ask_for_exactly_the_same(backend: Backend) -> None:
    one, other = servers(backend), servers(backend)

    assert {each.urn: each for each in one.seen} == {each.urn: each for each in other.seen}

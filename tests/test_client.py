"""The client tier alone."""

from typing import Any

from components import ConsulClient
from tests.conftest import Backend
from tests.recording import ROOT, Build, build, client_args, document


def clients(backend: Backend, **more: Any) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulClient("tier", client_args(backend.tier, **more))
        return {"http": made.http_addresses, "ui": made.ui_urls, "dns": made.dns_addresses}

    return build(program)


def test_no_child_is_left_outside_the_component(backend: Backend) -> None:
    seen = clients(backend).seen

    assert {one.name: one.parent for one in seen if one.parent != "tier"} == {"tier": ROOT}
    assert len(seen) > 1


def test_there_is_one_client_unless_told(backend: Backend) -> None:
    assert clients(backend).names("Container") == ["tier-0"]


def test_there_are_as_many_clients_as_told(backend: Backend) -> None:
    assert [one.inputs["name"] for one in clients(backend, replicas=2).of("Container")] == [
        "dev-client-0",
        "dev-client-1",
    ]


def test_no_clients_means_no_resources_and_empty_outputs(backend: Backend) -> None:
    seen = clients(backend, replicas=0)

    assert [one.name for one in seen.seen] == ["tier"]
    assert seen.outputs == {"http": [], "ui": [], "dns": []}
    assert seen.registered_outputs == {"tier": {"http_addresses": [], "ui_urls": [], "dns_addresses": []}}


def test_the_outputs_are_the_addresses_of_the_clients_by_ordinal(backend: Backend) -> None:
    seen = clients(backend, replicas=2)

    assert seen.outputs == {
        "http": ["http://127.0.0.1:8507", "http://127.0.0.1:8508"],
        "ui": [],
        "dns": ["127.0.0.1:8607", "127.0.0.1:8608"],
    }
    assert seen.registered_outputs == {
        "tier": {"http_addresses": seen.outputs["http"], "ui_urls": [], "dns_addresses": seen.outputs["dns"]}
    }


def test_a_client_shows_a_ui_where_its_configuration_enables_one(backend: Backend) -> None:
    seen = clients(backend, agent_config={"ui_config": {"enabled": True}})

    assert seen.outputs["ui"] == ["http://127.0.0.1:8507/ui/"]
    assert document(seen["tier-0"])["ui_config"] == {"enabled": True}


def test_a_client_joins_three_servers_by_name_and_the_tier_by_its_own(backend: Backend) -> None:
    of_three, of_one = clients(backend), clients(backend, servers=1)

    assert document(of_three["tier-0"])["retry_join"] == [
        "dev-server-0",
        "dev-server-1",
        "dev-server-2",
        "dev-server",
    ]
    assert document(of_one["tier-0"])["retry_join"] == ["dev-server-0", "dev-server"]


def test_a_client_is_no_server(backend: Backend) -> None:
    seen = clients(backend, datacenter="east")

    assert document(seen["tier-0"])["server"] is False
    assert document(seen["tier-0"])["datacenter"] == "east"
    assert [part for part in seen["tier-0"].inputs["command"] if part.startswith("-bootstrap")] == []
    assert {one.type.split(":")[-1] for one in seen.seen} & {"Birth", "VoterGate", "RaftSeat"} == set()

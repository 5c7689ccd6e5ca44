"""The client tier alone."""

from typing import Any

from consul_on_pulumi import ConsulClient

from tests.backends import Backend
from tests.recording import ROOT, Build, build, client_args


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
    assert backend.agents(clients(backend), "tier") == 1


def test_there_are_as_many_clients_as_told(backend: Backend) -> None:
    seen = clients(backend, replicas=2)

    assert backend.agents(seen, "tier") == 2
    assert all(name.startswith("dev-client") for name in backend.object_name(seen, "tier"))


def test_no_clients_means_no_resources_and_empty_outputs(backend: Backend) -> None:
    seen = clients(backend, replicas=0)

    assert [one.name for one in seen.seen] == ["tier"]
    assert seen.outputs == {"http": [], "ui": [], "dns": []}
    assert seen.registered_outputs == {"tier": {"http_addresses": [], "ui_urls": [], "dns_addresses": []}}


def test_the_outputs_are_the_addresses_of_the_clients_by_ordinal(backend: Backend) -> None:
    seen = clients(backend, replicas=2)

    assert seen.outputs == {
        "http": backend.http(0, 2, "lan"),
        "ui": [],
        "dns": backend.dns(0, 2),
    }
    assert seen.registered_outputs == {
        "tier": {"http_addresses": seen.outputs["http"], "ui_urls": [], "dns_addresses": seen.outputs["dns"]}
    }


def test_a_client_shows_a_ui_where_its_configuration_enables_one(backend: Backend) -> None:
    seen = clients(backend, agent_config={"ui_config": {"enabled": True}})

    assert seen.outputs["ui"] == [backend.client_ui("lan")]
    assert backend.document(seen, "tier")["ui_config"] == {"enabled": True}


def test_a_client_joins_three_servers_by_name_and_the_tier_by_its_own(backend: Backend) -> None:
    of_three, of_one = clients(backend), clients(backend, servers=1)

    assert backend.document(of_three, "tier")["retry_join"] == backend.join(
        ["dev-server-0", "dev-server-1", "dev-server-2"], "lan"
    )
    assert backend.document(of_one, "tier")["retry_join"] == backend.join(["dev-server-0"], "lan")


def test_a_client_is_no_server(backend: Backend) -> None:
    seen = clients(backend, datacenter="east")

    assert backend.document(seen, "tier")["server"] is False
    assert backend.document(seen, "tier")["datacenter"] == "east"
    assert [part for part in backend.arguments(seen, "tier") if part.startswith("-bootstrap")] == []
    asking = {"ClusterIdentity", "VoterGate", "RaftPeer", "ServerRollout", "Voters", "ScaleDown", "ClaimSize"}
    assert {one.type.split(":")[-1] for one in seen.seen} & asking == set()

"""ConsulClient, the client tier alone."""

from typing import Any

from consul_on_pulumi import ConsulClient

from tests.platform_cases import PlatformCase
from tests.recording import ROOT, Build, build, client_args


def clients(platform: PlatformCase, **more: Any) -> Build:
    def program() -> dict[str, Any]:
        made = ConsulClient("tier", client_args(platform.tier, **more))
        return {"http": made.http_addresses, "ui": made.ui_urls, "dns": made.dns_addresses}

    return build(program)


def test_every_resource_is_a_child_of_the_component(platform: PlatformCase) -> None:
    seen = clients(platform).seen

    assert {one.name: one.parent for one in seen if one.parent != "tier"} == {"tier": ROOT}
    assert len(seen) > 1


def test_there_is_one_client_by_default(platform: PlatformCase) -> None:
    assert platform.agents(clients(platform), "tier") == 1


def test_there_are_as_many_clients_as_given(platform: PlatformCase) -> None:
    seen = clients(platform, replicas=2)

    assert platform.agents(seen, "tier") == 2
    assert all(name.startswith("dev-client") for name in platform.object_names(seen, "tier"))


def test_without_clients_there_are_no_resources_and_empty_outputs(platform: PlatformCase) -> None:
    seen = clients(platform, replicas=0)

    assert [one.name for one in seen.seen] == ["tier"]
    assert seen.outputs == {"http": [], "ui": [], "dns": []}
    assert seen.registered_outputs == {"tier": {"http_addresses": [], "ui_urls": [], "dns_addresses": []}}


def test_the_outputs_are_the_addresses_of_the_clients_by_ordinal(platform: PlatformCase) -> None:
    seen = clients(platform, replicas=2)

    assert seen.outputs == {
        "http": platform.http(0, 2, "lan"),
        "ui": [],
        "dns": platform.dns(0, 2),
    }
    assert seen.registered_outputs == {
        "tier": {"http_addresses": seen.outputs["http"], "ui_urls": [], "dns_addresses": seen.outputs["dns"]}
    }


def test_a_client_serves_a_ui_if_its_configuration_enables_it(platform: PlatformCase) -> None:
    seen = clients(platform, agent_config={"ui_config": {"enabled": True}})

    assert seen.outputs["ui"] == [platform.client_ui("lan")]
    assert platform.document(seen, "tier")["ui_config"] == {"enabled": True}


def test_a_client_joins_three_servers_and_the_shared_name_of_the_tier(platform: PlatformCase) -> None:
    of_three, of_one = clients(platform), clients(platform, servers=1)

    assert platform.document(of_three, "tier")["retry_join"] == platform.join(
        ["dev-server-0", "dev-server-1", "dev-server-2"], "lan"
    )
    assert platform.document(of_one, "tier")["retry_join"] == platform.join(["dev-server-0"], "lan")


def test_a_client_has_no_resources_of_a_server(platform: PlatformCase) -> None:
    seen = clients(platform, datacenter="east")

    assert platform.document(seen, "tier")["server"] is False
    assert platform.document(seen, "tier")["datacenter"] == "east"
    assert [part for part in platform.arguments(seen, "tier") if part.startswith("-bootstrap")] == []
    of_servers = {"ClusterIdentity", "VoterGate", "RaftPeer", "ServerRollout", "Voters", "ScaleDown", "ClaimSize"}
    assert {one.type.split(":")[-1] for one in seen.seen} & of_servers == set()

"""A cluster of each size can be created, does not change by itself, and can be destroyed."""

from functools import partial

import pytest

from tests.e2e import consul, engine
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e


def serves_every_address_of_its_outputs(cluster: Cluster) -> None:
    servers, nodes = cluster.settings["servers"], cluster.nodes
    outputs = cluster.outputs
    assert outputs["servers"] == nodes[:servers]
    assert outputs["datacenter"] == cluster.settings.get("datacenter", "dc1")
    assert len(outputs["http_addresses"]) == len(outputs["dns_addresses"]) == len(nodes)
    assert outputs["ui_urls"] == [f"{base}/ui/" for base in cluster.servers]
    assert outputs["leader_address"] == cluster.leader()
    for url in outputs["ui_urls"]:
        page = consul.call(url, "")
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert "<title>Consul</title>" in page.text or "consul-ui" in page.text
    addresses = sorted(address.partition(":")[0] for address in consul.voters(cluster.servers[0]).values())
    for interface in outputs["dns_addresses"]:
        for tcp in (False, True):
            eventually(
                f"every server in the answer of {interface}, tcp={tcp}",
                partial(consul.lookup, interface, "consul.service.consul", tcp=tcp),
                lambda found: set(found) <= set(addresses) and len(found) >= min(3, servers),
            )


def has_no_changes(cluster: Cluster) -> None:
    assert cluster.preview().keys() == {"same"}, cluster.changed()
    assert cluster.refresh().keys() == {"same"}, cluster.changed()


@pytest.mark.parametrize(("servers", "clients"), [(1, 1), (5, 2)])
def test_a_cluster_serves_every_address_of_its_outputs_and_is_destroyed_completely(
    cluster: Factory, servers: int, clients: int
) -> None:
    made = cluster(f"{servers}-and-{clients}", servers=servers, clients=clients)
    made.up()
    made.whole()
    serves_every_address_of_its_outputs(made)
    has_no_changes(made)
    made.destroy()
    assert engine.orphans(made.name) == {}


def test_three_servers_and_a_client_serve_every_address_of_the_outputs(calm: Cluster) -> None:
    serves_every_address_of_its_outputs(calm)
    has_no_changes(calm)

"""A network that containers of somebody else use is not removed, and they are named."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.providers.network_end import NetworkEndProvider
from consul_on_pulumi.providers.ownership import ForeignObjectError

PROPS = {"network": "dev", "cluster": "dev"}


def connected(monkeypatch: pytest.MonkeyPatch, **containers: str) -> None:
    found = [SimpleNamespace(name=name, labels={engine.CLUSTER: of} if of else {}) for name, of in containers.items()]
    client = SimpleNamespace(networks=SimpleNamespace(get=lambda name: SimpleNamespace(containers=found)))
    monkeypatch.setattr(engine, "connect", lambda *_: nullcontext(client))


def test_a_foreign_container_in_the_network_is_named_before_anything_is_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected(monkeypatch, server="dev", web="", shop="other")

    with pytest.raises(ForeignObjectError, match="connected to it: shop, web"):
        NetworkEndProvider().delete("dev", PROPS)


def test_the_containers_of_the_cluster_itself_are_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    connected(monkeypatch, server="dev")

    NetworkEndProvider().delete("dev", PROPS)

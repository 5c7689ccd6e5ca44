"""The fixture of the tests that let providers run into a timeout."""

from collections.abc import Sequence

import pytest
from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.providers import autopilot


@pytest.fixture
def short_waits(short_timeouts: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short timeouts of single requests, and of the whole time that a provider waits."""
    create = Consul.__init__

    def short_create(consul: Consul, addresses: Sequence[str], connection: Connection, timeout: float = 30) -> None:
        create(consul, addresses, connection, min(timeout, 0.3))

    monkeypatch.setattr(Consul, "__init__", short_create)
    monkeypatch.setattr(autopilot, "ELECTION_TIMEOUT", 0.3)
    monkeypatch.setattr(autopilot, "CATCH_UP_TIMEOUT", 1.0)

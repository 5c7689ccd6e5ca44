import socket
from collections.abc import Iterator

import pytest
from consul_on_pulumi.platforms.docker.providers import host_ports
from consul_on_pulumi.platforms.docker.providers.host_ports import HostPortsProvider


@pytest.fixture(autouse=True)
def nothing_chosen_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_ports, "_chosen", set())


@pytest.fixture(params=[socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that another process uses."""
    with socket.socket(socket.AF_INET, request.param) as other:
        other.bind(("127.0.0.1", 0))
        yield other.getsockname()[1]


def test_two_free_ports_are_chosen_below_those_of_outgoing_connections() -> None:
    result = HostPortsProvider().create({})

    assert result.outs.keys() == {"http", "dns"}
    assert result.id == f"{result.outs['http']}-{result.outs['dns']}"
    assert all(20000 <= port < 30000 for port in result.outs.values())
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for port in result.outs.values():
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", port))


def test_no_port_is_chosen_twice_before_anything_listens_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_ports, "RANGE", range(20000, 20040))

    chosen = [port for _ in range(5) for port in HostPortsProvider().create({}).outs.values()]

    assert len(set(chosen)) == 10


def test_a_port_in_use_is_not_chosen(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr(host_ports, "RANGE", range(taken, taken + 1))

    with pytest.raises(host_ports.NoFreePortError, match="no free port") as caught:
        HostPortsProvider().create({})

    assert str(caught.value) == (f"no free port from {taken} to {taken}: set platform.docker.http_port and dns_port")


def test_chosen_ports_are_kept() -> None:
    olds = {"http": 20000, "dns": 20001}

    assert HostPortsProvider().diff("20000-20001", olds, {"http": None, "dns": None}).changes is False
    assert HostPortsProvider().read("20000-20001", olds).outs == olds


def test_ports_are_chosen_at_random_so_that_two_stacks_seldom_choose_the_same() -> None:
    firsts = {HostPortsProvider().create({}).outs["http"] for _ in range(5)}

    assert firsts != set(range(20000, 20000 + 2 * 5, 2))

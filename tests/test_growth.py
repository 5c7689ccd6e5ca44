"""What a cluster costs grows with its agents and no faster. Counted, since a time depends on the machine."""

import base64
import pickle
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any
from unittest import mock

import docker
import pulumi
import pytest
import requests
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.consul import access
from consul_on_pulumi.providers import autopilot
from docker.errors import NotFound

from tests.doubles.fake_docker import FakeDocker
from tests.platform_cases import DOCKER, KUBERNETES
from tests.recording import Build, build, client_args, cluster_args, server_args

SMALL, MIDDLE, LARGE = 2, 51, 100
"""Numbers of clients, with equal steps between them."""
ROOM = {"docker": {"dns_port": 9000}}
"""Settings in which LARGE clients have ports of their own."""


@cache
def cluster(name: str, clients: int) -> tuple[Build, int]:
    """A cluster on the platform of this name, and how many outputs its program has made."""
    platform = {"docker": DOCKER, "kubernetes": KUBERNETES}[name]
    settings = {name: {**platform.cluster[name], **ROOM.get(name, {})}}
    args = cluster_args(settings, clients=clients)
    track = mock.Mock(side_effect=pulumi.Output._track)
    with mock.patch.object(pulumi.Output, "_track", lambda output: track(output)):
        built = build(lambda: {"servers": ConsulCluster("consul", args).servers})
    return built, track.call_count


def linear(count: Callable[[int], Counter[str]]) -> Counter[str]:
    """What one more client costs, the same between SMALL and MIDDLE as between MIDDLE and LARGE."""
    small, middle, large = (count(clients) for clients in (SMALL, MIDDLE, LARGE))
    first, second = Counter(middle), Counter(large)
    first.subtract(small)
    second.subtract(middle)
    assert first == second
    assert all(number % (MIDDLE - SMALL) == 0 for number in first.values())
    return +Counter({what: number // (MIDDLE - SMALL) for what, number in first.items()})


def test_one_more_container_costs_three_registrations() -> None:
    def count(clients: int) -> Counter[str]:
        return Counter(one.type.rpartition(":")[2] for one in cluster("docker", clients)[0].seen)

    assert linear(count) == {"Volume": 1, "Container": 1, "ContainerHealth": 1}


def test_one_more_pod_costs_no_registration() -> None:
    assert linear(lambda clients: Counter(one.type for one in cluster("kubernetes", clients)[0].seen)) == {}


def test_one_more_container_has_no_dependency_for_each_other_one() -> None:
    def count(clients: int) -> Counter[str]:
        return Counter({"dependencies": sum(len(one.depends_on) for one in cluster("docker", clients)[0].seen)})

    assert linear(count)["dependencies"] < 40


def test_one_more_container_costs_as_many_outputs_as_the_last_one() -> None:
    """Before a program ends, the SDK looks at all outputs that are not known yet, again and again."""
    small, middle, large = (cluster("docker", clients)[1] for clients in (SMALL, MIDDLE, LARGE))

    # Two clients have fewer waves than fifty.
    assert large - middle <= 1.01 * (middle - small) < 200 * (MIDDLE - SMALL)


@pytest.mark.parametrize("component", ["cluster", "server", "client"])
def test_the_sdk_waits_for_registrations_before_it_looks_at_outputs(component: str) -> None:
    """It does if one has begun when the program has run to its end."""
    begun: list[int] = []

    def program() -> None:
        if component == "cluster":
            ConsulCluster("consul", cluster_args(DOCKER.cluster))
        elif component == "server":
            ConsulServer("consul", server_args(DOCKER.tier))
        else:
            ConsulClient("consul", client_args(DOCKER.tier))
        begun.append(len(pulumi.runtime.settings.SETTINGS.rpc_manager.rpcs))

    build(program)
    assert begun == [1]


def test_one_more_container_costs_two_calls_and_one_connection_of_a_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine checks each resource and asks for its difference, once."""
    seen: Counter[str] = Counter()

    class Counted(FakeDocker):
        def __init__(self, **_: Any) -> None:
            super().__init__()
            seen["connections to Docker"] += 1

        def _container(self, name: str) -> Any:
            seen["requests to Docker"] += 1
            raise NotFound(name)

    class Session(requests.Session):
        def send(self, *_: Any, **__: Any) -> requests.Response:
            seen["requests to Consul"] += 1
            raise requests.ConnectionError("nobody")

    monkeypatch.setattr(docker, "from_env", Counted)
    # Who does not answer is asked again until then: once.
    monkeypatch.setattr(autopilot, "STATE_TIMEOUT", 0)
    monkeypatch.setattr(access, "session", lambda *_: Session())

    def count(clients: int) -> Counter[str]:
        registered = cluster("docker", clients)[0].seen
        seen.clear()
        for one in registered:
            if one.provider_code:
                provider = pickle.loads(base64.b64decode(one.provider_code))
                provider.check(dict(one.inputs), dict(one.inputs))
                provider.diff("id", dict(one.inputs), dict(one.inputs))
                seen["calls"] += 2
        return Counter(seen)

    assert linear(count) == {"calls": 2, "connections to Docker": 1, "requests to Docker": 1}

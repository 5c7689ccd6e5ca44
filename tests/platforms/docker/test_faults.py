"""What Docker's provider reports of failed operations, recorded with provider 5.2.0 and engine 20.10."""

import pulumi
import pytest
from consul_on_pulumi.platforms.docker import faults

AGAIN = "Then run the command again: it continues where it stopped"


def explained(error: str, type_: str = "docker:index/container:Container") -> str | None:
    inputs = {"name": "dev-server-0"}
    return faults.sentence(
        pulumi.ErrorHookArgs(
            urn="",
            id="",
            name="consul-server-0",
            type=type_,
            new_inputs=inputs,
            failed_operation="create",
            errors=[error, "an older error"],
        )
    )


@pytest.mark.parametrize(
    ("error", "answer", "remedy"),
    [
        (
            "Unable to start container: Error response from daemon: network nope not found",
            "network nope not found",
            "There is no such network: create it, or correct `platform.docker.network`",
        ),
        (
            "Unable to start container: Error response from daemon: Invalid address 10.77.30.2: It does not belong to "
            "any of this network's subnets",
            "Invalid address 10.77.30.2: It does not belong to any of this network's subnets",
            "The network has another subnet: set `platform.docker.subnet` to that of `platform.docker.network`",
        ),
        (
            "Unable to create container: Error response from daemon: mkdir /var/lib/docker/overlay2/0f-init: no space "
            "left on device",
            "mkdir /var/lib/docker/overlay2/0f-init: no space left on device",
            "The disk of the Docker engine is full: free some space (`docker system df` shows what uses it)",
        ),
        (
            "Unable to create container: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the "
            "docker daemon running?",
            "Unable to create container: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the "
            "docker daemon running?",
            "The Docker engine stopped answering: start it",
        ),
        (
            "Unable to start container: Error response from daemon: driver failed programming external connectivity on "
            "endpoint dev-server-0 (0f): Bind for 127.0.0.1:8500 failed: port is already allocated",
            "driver failed programming external connectivity on endpoint dev-server-0 (0f): Bind for 127.0.0.1:8500 "
            "failed: port is already allocated",
            "Something else uses a port of this agent: stop it, or set other `platform.docker.http_port` and "
            "`dns_port`",
        ),
    ],
)
def test_the_answer_of_the_engine_becomes_a_sentence_with_the_remedy(error: str, answer: str, remedy: str) -> None:
    assert explained(error) == f"container dev-server-0: Docker answered {answer!r} to its create. {remedy}. {AGAIN}"


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (
            'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
            "The engine cannot reach the registry: check `image` and the network of the engine",
        ),
        (
            "pull access denied for shop/consul, repository does not exist or may require 'docker login': denied: "
            "requested access to the resource is denied",
            "The registry refuses this image to the engine: check `image`, and log in to the registry with `docker "
            "login`",
        ),
        ("manifest for consul:9.9.9 not found: manifest unknown", "The registry has no such image: check `image`"),
        (
            "toomanyrequests: You have reached your pull rate limit",
            "The registry allows no more pulls now: log in with `docker login`, or wait",
        ),
    ],
)
def test_a_registry_that_refuses_becomes_a_sentence(answer: str, remedy: str) -> None:
    error = (
        "Unable to read Docker image into resource: unable to pull image x:1: error pulling image x:1: Error response "
        f"from daemon: {answer}"
    )
    expected = f"remote image dev-server-0: Docker answered {answer!r} to its create. {remedy}. {AGAIN}"

    assert explained(error, "docker:index/remoteImage:RemoteImage") == expected


@pytest.mark.parametrize("error", ["something new", ""])
def test_an_answer_that_is_not_known_is_left_to_the_engine(error: str) -> None:
    assert explained(error) is None

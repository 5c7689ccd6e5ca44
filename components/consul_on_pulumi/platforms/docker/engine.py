"""The one place that connects to the Docker engine."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import docker
import requests
from docker.errors import DockerException

STOP_TIMEOUT = 30
"""Seconds that Docker waits for an agent to stop before it kills it."""
NO_ANSWER = (DockerException, requests.RequestException)
"""What a call raises when the engine does not answer, or has no such object."""


@contextmanager
def connect() -> Iterator[docker.DockerClient]:
    """A client of the engine that the environment names (`DOCKER_HOST`, else the local socket); closed at the end.

    Raises docker.errors.DockerException when there is no engine.
    """
    with closing(docker.from_env()) as client:
        yield client

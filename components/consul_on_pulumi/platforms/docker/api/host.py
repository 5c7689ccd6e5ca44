"""Which Docker engine a connection names, as Docker's provider understands its settings.

What the settings leave out comes from the same environment variables (terraform-provider-docker,
internal/provider/provider.go).
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pulumi
from docker.context import ContextAPI
from docker.errors import DockerException

from consul_on_pulumi.model.connection import UNKNOWN, UNKNOWN_YET, Connection
from consul_on_pulumi.providers.connecting import provider_settings, stack_settings

VARIABLES = {
    "host": "DOCKER_HOST",
    "context": "DOCKER_CONTEXT",
    "ssh_opts": "DOCKER_SSH_OPTS",
    "ca_material": "DOCKER_CA_MATERIAL",
    "cert_material": "DOCKER_CERT_MATERIAL",
    "key_material": "DOCKER_KEY_MATERIAL",
    "cert_path": "DOCKER_CERT_PATH",
}
"""The settings of a connection to Docker, and the environment variable that stands in for each."""
KIND = "docker:index/container:Container"
"""The type of any resource of Docker's provider."""
WAY_OUT = "Pass a docker.Provider that this program creates, or none and set `docker:host` in the stack's configuration"


def parts(component: pulumi.Resource) -> dict[str, pulumi.Input[Any]]:
    """The parts of the connection that Docker's provider of a component, or the stack's configuration, says."""
    found = provider_settings(component, KIND, list(VARIABLES), WAY_OUT)
    if not found:
        return {}
    provider = component.get_provider(KIND)
    if hasattr(provider, "terraform_config"):
        # Its outputs in Python lack this one (pulumi_docker 5.2), whatever was given.
        found["ssh_opts"] = pulumi.Output.from_input(found["host"]).apply(lambda address: _ssh_opts(provider, address))
    settings = pulumi.Output.all(**found).apply(_given)
    place = settings.apply(lambda known: str(known.get("context") or known.get("host", "")))
    return {"docker": settings, "place": place}


def of_stack() -> Connection:
    """The connection that the stack's configuration says. A provider of the program may say another."""
    return {"docker": stack_settings("docker", list(VARIABLES))}


def of(connection: Connection) -> str:
    """The address of the engine; empty for the local one. Raises DockerException."""
    if UNKNOWN in connection:
        raise DockerException(UNKNOWN_YET)
    settings = settings_of(connection)
    if name := settings.get("context"):
        if (context := ContextAPI.get_context(name)) is None:
            raise DockerException(f"there is no Docker context {name!r}: see `docker context ls`")
        return str(context.Host or "")
    return str(settings.get("host", ""))


def is_local(connection: Connection) -> bool:
    """Whether the engine publishes ports on this machine: one behind a socket or a named pipe."""
    try:
        return urlsplit(of(connection)).scheme in ("", "unix", "http+unix", "npipe")
    except DockerException:
        return False


def ssh_options(connection: Connection) -> list[str]:
    """Options of the `ssh` command. The provider takes a list, and its environment variable words."""
    given = settings_of(connection).get("ssh_opts", "")
    return given.split() if isinstance(given, str) else list(given)


def _ssh_opts(provider: Any, address: str | None) -> pulumi.Input[list[str]]:
    if not (address or "").startswith("ssh://"):
        return []
    options: pulumi.Output[list[str]] = provider.terraform_config().result.apply(
        lambda settings: settings.get("ssh_opts") or []
    )
    return options


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in settings.items() if value}
    if isinstance(words := found.get("ssh_opts"), str):
        # The program passes lists to providers as JSON.
        found["ssh_opts"] = json.loads(words)
    return found


def settings_of(connection: Connection) -> Mapping[str, Any]:
    """The settings of a connection, completed from the environment."""
    given = connection.get("docker", {})
    found = {key: given.get(key) or os.environ.get(variable, "") for key, variable in VARIABLES.items()}
    return {key: value for key, value in found.items() if value}

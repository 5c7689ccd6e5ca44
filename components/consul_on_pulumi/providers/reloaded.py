"""Reloaded: exists when all agents of a tier use the secret files that were brought to them, without a restart."""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import evidence
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class ReloadedProvider(ConsulProvider):
    """Lets agents read their files again, and asks each whether it has."""

    compared = ("mark",)

    def create(self, props: Properties) -> CreateResult:
        """The agents were started with the files."""
        return CreateResult(props["role"], props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Reload all of them."""
        evidence.reload(news["location"], Role(news["role"]), connection_of(news), news["mark"])
        return UpdateResult(news)


class Reloaded(ProviderResource, module="consul-on-pulumi", name="Reloaded"):
    """What is not used any more is deleted after this."""

    def __init__(
        self,
        name: str,
        role: Role,
        location: Mapping[str, pulumi.Input[str]],
        mark: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`mark` names the content of the files and tells nothing of it; `location` is that of the platform."""
        super().__init__(ReloadedProvider(), name, {"role": role.value, "location": location, "mark": mark}, opts)

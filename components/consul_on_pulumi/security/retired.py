"""Retired: ends what was replaced, when nothing uses it any more."""

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul import acl, keyring
from consul_on_pulumi.providers.provider import Addresses, ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.security.credentials import MANAGEMENT, Credentials


class RetiredProvider(ConsulProvider):
    """Deletes old tokens and removes old gossip keys."""

    token = MANAGEMENT
    compared = ("retired", "gossip_key")

    def create(self, props: Properties) -> CreateResult:
        """Nothing was replaced yet."""
        return CreateResult("retired", props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Every agent has the new ones by now. Raises UnreachableError and RefusedError."""
        consul = self.consul_with_leader(news)
        if olds["gossip_key"] != news["gossip_key"]:
            keyring.keep_only(consul, news["gossip_key"])
        acl.delete(consul, news["retired"])
        return UpdateResult(news)


class Retired(ProviderResource, module="consul-on-pulumi", name="Retired"):
    """Comes after everything that uses credentials."""

    def __init__(self, name: str, addresses: Addresses, credentials: Credentials, opts: pulumi.ResourceOptions) -> None:
        """`addresses` are those of the servers."""
        props = {"addresses": addresses, "retired": credentials.retired, "gossip_key": credentials.gossip_key}
        super().__init__(RetiredProvider(), name, props, opts)

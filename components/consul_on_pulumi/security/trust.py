"""Trust: which authorities the agents trust. After a rotation it is the old one too, until no agent needs it."""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.model import naming
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers import evidence
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.security.authority import Authority


class TrustProvider(ConsulProvider):
    """Forgets the old authority in the update after the one that generated the new one."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update for another authority, and one more to forget the one before."""
        return DiffResult(changes=bool(olds["chain"]) or olds["certificate"] != news["certificate"])

    def create(self, props: Properties) -> CreateResult:
        """There is one authority."""
        return CreateResult("trust", _outputs(props, "", ""))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Believe both; or the new one alone, if every agent shows that it has a certificate by it.

        Raises UnreachableError.
        """
        if olds["certificate"] != news["certificate"]:
            return UpdateResult(_outputs(news, news["previous"], news["next_chain"]))
        own = naming.digest_of(news["certificate"])
        for role in Role:
            evidence.require(news["location"], role, connection_of(news), evidence.AUTHORITY, own)
        return UpdateResult(_outputs(news, "", ""))


class Trust(ProviderResource, module="consul-on-pulumi", name="Trust"):
    """The authorities that agents trust now."""

    trusted: pulumi.Output[str]
    """PEM, the newest first."""
    chain: pulumi.Output[str]
    """What follows every certificate while the old authority is trusted, so that every agent trusts it."""

    def __init__(
        self, name: str, authority: Authority, location: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
    ) -> None:
        """`location` is that of the platform."""
        props = {
            "certificate": authority.certificate,
            "previous": authority.previous,
            "next_chain": authority.chain,
            "location": location,
        }
        super().__init__(TrustProvider(), name, props, opts)
        # Mocks may leave it out.
        self.trusted = self.trusted.apply(lambda known: known or "")


def _outputs(props: Properties, previous: str, chain: str) -> Properties:
    return {**props, "trusted": props["certificate"] + previous, "chain": chain}

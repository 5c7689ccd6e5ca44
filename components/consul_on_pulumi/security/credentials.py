"""Credentials: the gossip key and the ACL tokens of one cluster, drawn once."""

import base64
import secrets
from uuid import UUID

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options

MANAGEMENT = "management"
"""The token that may do everything: for people, and for the steps that nothing less can do."""
GOSSIP_KEY_BYTES = 32
"""AES-256 (Consul docs, `consul keygen`)."""


class CredentialsProvider(ConsulProvider):
    """Draws what is missing and keeps what there is."""

    compared = ("names",)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if there is a token that no earlier version knew."""
        return DiffResult(changes=not set(news["names"]) <= olds["tokens"].keys())

    def create(self, props: Properties) -> CreateResult:
        """Draw everything."""
        return CreateResult(secrets.token_hex(8), self._drawn({}, props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Draw what is missing."""
        return UpdateResult(self._drawn(olds, news))

    def _drawn(self, olds: Properties, news: Properties) -> Properties:
        key = olds.get("gossip_key") or base64.b64encode(secrets.token_bytes(GOSSIP_KEY_BYTES)).decode()
        # The ID by which people see a token is drawn as well: nothing else may follow from its secret.
        drawn = {kind: {name: _uuid() for name in news["names"]} | olds.get(kind, {}) for kind in ("tokens", "ids")}
        return {**news, "gossip_key": key, **drawn}


class Credentials(ProviderResource, module="consul-on-pulumi", name="Credentials"):
    """The gossip key and the ACL tokens. All of them are secrets from birth to use."""

    gossip_key: pulumi.Output[str]
    """In base64, as Consul reads it."""
    tokens: pulumi.Output[dict[str, str]]
    """Name to the secret ID of a token."""
    ids: pulumi.Output[dict[str, str]]
    """Name to the accessor ID of a token, which is no secret."""

    def __init__(self, name: str, names: list[str], opts: pulumi.ResourceOptions) -> None:
        """`names` are those of the tokens."""
        hidden = with_options(opts, additional_secret_outputs=["gossip_key", "tokens"])
        super().__init__(CredentialsProvider(), name, {"names": names}, hidden)
        # Mocks may leave it out.
        self.tokens = self.tokens.apply(lambda drawn: drawn or dict.fromkeys(names, ""))


def _uuid() -> str:
    return str(UUID(bytes=secrets.token_bytes(16), version=4))

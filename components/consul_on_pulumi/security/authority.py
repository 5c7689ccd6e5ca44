"""Authority: the certificate authority of one cluster."""

from datetime import UTC, datetime

import pulumi
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options


class AuthorityProvider(ConsulProvider):
    """Draws an authority once."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Never an update: another authority would shut out every agent that does not know it yet."""
        return DiffResult(changes=False)

    def create(self, props: Properties) -> CreateResult:
        """Draw the key and the certificate."""
        from consul_on_pulumi.security import x509

        certificate, key = x509.authority(props["subject"], int(props["days"]), datetime.now(UTC))
        return CreateResult(props["subject"], {**props, "certificate": certificate, "key": key})


class Authority(ProviderResource, module="consul-on-pulumi", name="Authority"):
    """A certificate authority; its key is a secret."""

    certificate: pulumi.Output[str]
    """PEM, for everyone who connects to an agent."""
    key: pulumi.Output[str]
    """PEM, a secret."""

    def __init__(self, name: str, subject: str, days: int, opts: pulumi.ResourceOptions) -> None:
        """`subject` is its name, `days` how long it is valid."""
        hidden = with_options(opts, additional_secret_outputs=["key"])
        super().__init__(AuthorityProvider(), name, {"subject": subject, "days": days}, hidden)
        # Mocks may leave it out.
        self.certificate = self.certificate.apply(lambda drawn: drawn or "")

"""Authority: the certificate authority of one cluster."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.security import expiry


class AuthorityProvider(ConsulProvider):
    """Draws an authority, and its successor when asked for one or before its end."""

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """What is given and cannot sign, and an authority that cannot have a successor."""
        from consul_on_pulumi.security import x509

        given = news.get("given") or {}
        if _is_known(given) and given and (problem := x509.pair_problem((given["certificate"], given["key"]))):
            yield f"security_secrets: authority.crt, authority.key: {problem}"

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another one would shut out every agent that does not know it yet: only on request, or before its end."""
        asked = (olds.get("rotate") or "") != (news.get("rotate") or "")
        own = (news.get("given") or {}).get("certificate") == olds["certificate"]
        remedy = (
            "Give another one in `security_secrets`, and change `security.rotate.authority`" if own else expiry.RENEWS
        )
        due = expiry.is_due("the authority", [olds["certificate"]], olds["days"], remedy)
        return DiffResult(changes=asked or (due and not own))

    def create(self, props: Properties) -> CreateResult:
        """Draw the key and the certificate."""
        from consul_on_pulumi.security import x509

        certificate, key = _given(props) or x509.authority(props["subject"], int(props["days"]), expiry.now())
        return CreateResult(props["subject"], _outputs(props, certificate, key))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Draw the successor, which the old one signs too: who knows only one of the two believes both.

        Raises RefusedError for an old one that may not sign an authority.
        """
        from consul_on_pulumi.security import x509

        days, old = int(news["days"]), (olds["certificate"], olds["key"])
        if not x509.signs_authorities(olds["certificate"]):
            raise RefusedError(
                "security.rotate.authority: the present authority was given and may sign no other one (path length 0), "
                "so agents could not believe both meanwhile: restore the old word"
            )
        # Two of the same name would be one and the same to some TLS libraries.
        name = f"{secrets.token_hex(4)} {news['subject']}"
        certificate, key = _given(news) or x509.authority(name, days, expiry.now())
        chain = x509.crossed(old, certificate, days, expiry.now())
        return UpdateResult(_outputs(news, certificate, key, previous=olds["certificate"], chain=chain))


class Authority(ProviderResource, module="consul-on-pulumi", name="Authority"):
    """A certificate authority; its key is a secret."""

    certificate: pulumi.Output[str]
    """PEM."""
    key: pulumi.Output[str]
    """PEM, a secret."""
    previous: pulumi.Output[str]
    """The certificate of the one before, as PEM; empty if there was none."""
    chain: pulumi.Output[str]
    """The certificate of this one by the one before."""

    def __init__(
        self,
        name: str,
        subject: str,
        days: int,
        rotate: str,
        given: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`subject` is its name, `days` how long it is valid; another word in `rotate` draws a successor. A `given`
        certificate and key are taken then, and not drawn."""
        hidden = with_options(opts, additional_secret_outputs=["key"])
        props: dict[str, Any] = {"subject": subject, "days": days, "rotate": rotate}
        if given:
            props["given"] = {key: pulumi.Output.secret(one) for key, one in given.items()}
        super().__init__(AuthorityProvider(), name, props, hidden)
        # Mocks may leave it out.
        self.certificate = self.certificate.apply(lambda drawn: drawn or "")

    @property
    def known(self) -> pulumi.Output[str]:
        """This one and the one before, for the program itself."""
        # Mocks leave one out.
        return pulumi.Output.all(self.certificate, self.previous).apply(lambda known: "".join(filter(None, known)))


def _given(props: Properties) -> tuple[str, str] | None:
    given = props.get("given")
    return (given["certificate"], given["key"]) if given else None


def _is_known(given: Any) -> bool:
    return isinstance(given, Mapping) and all(isinstance(one, str) for one in given.values())


def _outputs(props: Properties, certificate: str, key: str, previous: str = "", chain: str = "") -> Properties:
    return {**props, "certificate": certificate, "key": key, "previous": previous, "chain": chain}

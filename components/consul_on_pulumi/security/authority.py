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

PATH = "authority.crt"
"""The name of what is given."""
GIVE = "Give another one in `security_secrets`, and change `security.rotate.authority`"
"""What is to be done before the end of an authority that was not generated."""
GIVE_BOTH = "Give it together with its successor in `security_secrets`, then certificates of the successor"
"""The same of one that signs elsewhere."""
NO_SUCCESSOR = (
    "security.rotate.authority: the present authority was given and may sign no other one (path length 0), so agents "
    "that know it alone would not trust its successor. Restore the old word. First give the same authority again, "
    "followed in authority.crt by the one that signed it, with a new word; then any other that this one signed"
)
"""Why an authority cannot be replaced, and the way."""


class AuthorityProvider(ConsulProvider):
    """Generates an authority, and its successor when asked for one or before its end."""

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """What is given and cannot sign."""
        from consul_on_pulumi.security import foreign, x509

        given = news.get("given") or {}
        if not given or not _is_known(given):
            return
        found = x509.pair_problem((given["certificate"], given["key"])) if "key" in given else ""
        for problem in [found] if found else foreign.authority_problems(given["certificate"], expiry.now()):
            yield f"security_secrets.{PATH}: {problem}"

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Another one would shut out every agent that does not know it yet: only on request, or before its end.

        Raises RefusedError for one that cannot have a successor.
        """
        if _signs_elsewhere(news):
            if _is_known(news["given"]):
                expiry.is_due(self.certificates({**news, **news["given"]}))
            return DiffResult(changes=not _is_given(olds, news))
        if _is_asked(olds, news) and _is_known(news.get("given") or {}) and _follows(olds, news) is None:
            raise RefusedError(NO_SUCCESSOR)
        due = expiry.is_due(self.certificates({**news, "certificate": olds["certificate"]}))
        return DiffResult(changes=_is_asked(olds, news) or (due and not _is_given(olds, news)))

    def certificates(self, outs: Properties) -> Iterator[expiry.Certificate]:
        """The authority of these outputs."""
        yield expiry.Certificate("the authority", outs["certificate"], _remedy(outs))

    def create(self, props: Properties) -> CreateResult:
        """Generate the key and the certificate."""
        from consul_on_pulumi.security import x509

        certificate, key = _given(props)
        if not certificate:
            certificate, key = x509.authority(props["subject"], int(props["days"]), expiry.now())
        return CreateResult(props["subject"], _outputs(props, certificate, key))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Generate the successor, which the old one signs too: who knows only one of the two trusts both.

        Raises RefusedError for an old one that may not sign an authority.
        """
        from consul_on_pulumi.security import x509

        days, old = int(news["days"]), (olds["certificate"], olds["key"])
        if (follows := _follows(olds, news)) is None:
            raise RefusedError(NO_SUCCESSOR)
        if not follows:
            return UpdateResult(_outputs(news, *_given(news)))
        # Two of the same name would be one and the same to some TLS libraries.
        name = f"{secrets.token_hex(4)} {news['subject']}"
        certificate, key = _given(news)
        if not certificate:
            certificate, key = x509.authority(name, days, expiry.now())
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
        """`subject` is its name, `days` how long it is valid; another word in `rotate` generates a successor. A `given`
        certificate and key are taken then, and not generated."""
        hidden = with_options(opts, additional_secret_outputs=["key"])
        props: dict[str, Any] = {"subject": subject, "days": days, "rotate": rotate}
        if given:
            props["given"] = {key: pulumi.Output.secret(one) for key, one in given.items()}
        super().__init__(AuthorityProvider(), name, props, hidden)
        # Mocks may leave it out.
        self.certificate = self.certificate.apply(lambda generated: generated or "")

    @property
    def known(self) -> pulumi.Output[str]:
        """This one and the one before, for the program itself."""
        # Mocks leave one out.
        return pulumi.Output.all(self.certificate, self.previous).apply(lambda known: "".join(filter(None, known)))


def _given(props: Properties) -> tuple[str, str]:
    """The pair that is given, as far as it is."""
    given = props.get("given") or {}
    return given.get("certificate", ""), given.get("key", "")


def _signs_elsewhere(props: Properties) -> bool:
    """Whether somebody else signs the certificates of the agents."""
    given = props.get("given") or {}
    return bool(given) and "key" not in given


def _is_asked(olds: Properties, news: Properties) -> bool:
    return (olds.get("rotate") or "") != (news.get("rotate") or "")


def _remedy(props: Properties) -> str:
    if not _is_given(props, props):
        return expiry.RENEWS
    return GIVE_BOTH if _signs_elsewhere(props) else GIVE


def _follows(olds: Properties, news: Properties) -> bool | None:
    """Whether the old authority has to sign the new one, so that agents trust both; None if it may not do that."""
    from consul_on_pulumi.security import foreign, x509

    if _signs_elsewhere(news):
        return False
    old, (given, _) = x509.read(olds["certificate"]), _given(news)
    if given:
        new = x509.read(given)
        if foreign.is_trusted(new[0], (), old) and foreign.is_trusted(old[0], (), new):
            return False
    return True if x509.signs_authorities(olds["certificate"]) else None


def _is_given(olds: Properties, news: Properties) -> bool:
    """Whether what there is is what is given."""
    given = (news.get("given") or {}).get("certificate")
    return bool(given) and given == olds["certificate"]


def _is_known(given: Any) -> bool:
    return isinstance(given, Mapping) and all(isinstance(one, str) for one in given.values())


def _outputs(props: Properties, certificate: str, key: str, previous: str = "", chain: str = "") -> Properties:
    return {**props, "certificate": certificate, "key": key, "previous": previous, "chain": chain}

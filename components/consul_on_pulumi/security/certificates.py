"""Certificates: those of the agents of one tier, each for its own names."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.security import expiry
from consul_on_pulumi.security.authority import Authority
from consul_on_pulumi.security.trust import Trust

END = "-----END CERTIFICATE-----\n"
"""The last line of a certificate in PEM: what follows it is the chain."""

ENDS = (".crt", ".key")
"""The endings of the files of one certificate."""


class CertificatesProvider(ConsulProvider):
    """Draws each certificate once, and again for other names, by another authority, on request or before its end."""

    compared = ("names", "signer", "chain", "rotate")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update in place."""
        return DiffResult(changes=self.differs(olds, news) or self._is_due(olds))

    def create(self, props: Properties) -> CreateResult:
        """Draw all of them."""
        return CreateResult(sorted(props["names"])[0], self._drawn({}, props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Draw those that differ."""
        again = (olds.get("rotate") or "") != (news.get("rotate") or "") or self._is_due(olds)
        return UpdateResult(self._drawn({} if again else olds, news))

    @staticmethod
    def _is_due(olds: Properties) -> bool:
        certificates = [text for name, text in olds["files"].items() if name.endswith(".crt")]
        return expiry.is_due(f"a certificate of {sorted(olds['names'])[0]}", certificates, olds["days"])

    def _drawn(self, olds: Properties, news: Properties) -> Properties:
        from consul_on_pulumi.security import x509

        signer = (news["signer"], news["signer_key"])
        files: dict[str, str] = {}
        for name, names in news["names"].items():
            if olds.get("signer") == news["signer"] and olds.get("names", {}).get(name) == names:
                own, key = olds["files"][f"{name}.crt"].partition(END)[0] + END, olds["files"][f"{name}.key"]
            else:
                own, key = x509.certificate(signer, names, int(news["days"]), expiry.now())
            files |= {f"{name}.crt": own + (news.get("chain") or ""), f"{name}.key": key}
        return {**news, "files": files}


class Certificates(ProviderResource, module="consul-on-pulumi", name="Certificates"):
    """The certificates of a tier, signed by the authority of the cluster."""

    files: pulumi.Output[dict[str, str]]
    """`NAME.crt` and `NAME.key` to PEM; a secret."""

    def __init__(
        self,
        name: str,
        names: Mapping[str, Sequence[pulumi.Input[str]]],
        settings: Mapping[str, object],
        authority: Authority,
        trust: Trust,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the DNS names and IP addresses of each certificate, by the name of its file; `settings` are those
        of a SecurityArgs."""
        rotate = settings["rotate"]
        assert isinstance(rotate, Mapping)
        props = {
            "names": names,
            "days": settings["certificate_days"],
            "rotate": rotate["certificates"],
            "signer": authority.certificate,
            "signer_key": authority.key,
            "chain": trust.chain,
        }
        super().__init__(CertificatesProvider(), name, props, with_options(opts, additional_secret_outputs=["files"]))
        # Mocks may leave it out.
        self.files = self.files.apply(lambda drawn: drawn or {one + end: "" for one in names for end in ENDS})

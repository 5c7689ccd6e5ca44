"""Certificates: those of the agents of one tier, each for its own names."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.security.authority import Authority

ENDS = (".crt", ".key")
"""The endings of the files of one certificate."""


class CertificatesProvider(ConsulProvider):
    """Draws each certificate once, and again for other names or by another authority."""

    compared = ("names", "signer")

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update in place."""
        return DiffResult(changes=self.differs(olds, news))

    def create(self, props: Properties) -> CreateResult:
        """Draw all of them."""
        return CreateResult(sorted(props["names"])[0], self._drawn({}, props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Draw those that differ."""
        return UpdateResult(self._drawn(olds, news))

    def _drawn(self, olds: Properties, news: Properties) -> Properties:
        from consul_on_pulumi.security import x509

        signer, files = (news["signer"], news["signer_key"]), {}
        for name, names in news["names"].items():
            same = olds.get("signer") == news["signer"] and olds.get("names", {}).get(name) == names
            drawn = x509.certificate(signer, names, int(news["days"]), datetime.now(UTC)) if not same else ()
            for end, text in zip(ENDS, drawn or (), strict=False):
                files[name + end] = text
            if same:
                files |= {name + end: olds["files"][name + end] for end in ENDS}
        return {**news, "files": files}


class Certificates(ProviderResource, module="consul-on-pulumi", name="Certificates"):
    """The certificates of a tier, signed by the authority of the cluster."""

    files: pulumi.Output[dict[str, str]]
    """`NAME.crt` and `NAME.key` to PEM; a secret."""

    def __init__(
        self,
        name: str,
        names: Mapping[str, Sequence[pulumi.Input[str]]],
        days: int,
        authority: Authority,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the DNS names and IP addresses of each certificate, by the name of its file."""
        props = {"names": names, "days": days, "signer": authority.certificate, "signer_key": authority.key}
        super().__init__(CertificatesProvider(), name, props, with_options(opts, additional_secret_outputs=["files"]))
        # Mocks may leave it out.
        self.files = self.files.apply(lambda drawn: drawn or {one + end: "" for one in names for end in ENDS})

"""Certificates: those of the agents of one tier, each for its own names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, UpdateResult

from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.resource_options import with_options
from consul_on_pulumi.security import expiry
from consul_on_pulumi.security.authority import Authority
from consul_on_pulumi.security.trust import Trust

END = "-----END CERTIFICATE-----\n"
"""The last line of a certificate in PEM: what follows it is the chain."""

ENDS = (".crt", ".key")
"""The endings of the files of one certificate."""
GIVE = "Give another one in `security_secrets`"
"""What is to be done before the end of one that was not generated."""


class CertificatesProvider(ConsulProvider):
    """Generates each certificate once, and again for other names or authorities, on request or before its end."""

    compared = ("names", "signer", "chain", "rotate", "given")

    def problems(self, olds: Properties, news: Properties) -> Iterator[str]:
        """What is given and cannot be used."""
        from consul_on_pulumi.security import foreign

        for name, pair in _given(news).items():
            for problem in foreign.pair_problems(pair, news["names"][name], news["signer"], expiry.now()):
                yield f"{_path(name)}: {problem}"

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update in place. Raises RefusedError where agents with the old files and with the new ones would not
        trust each other: they load them one after the other."""
        from consul_on_pulumi.security import foreign

        if given := _given(news):
            before = {name: olds["files"].get(f"{name}.crt", own) for name, (own, _) in given.items()}
            apart = {
                name: problem
                for name, (own, _) in given.items()
                if (problem := foreign.step_problem((before[name], olds["signer"]), (own, news["signer"])))
            }
            if apart:
                raise RefusedError("; ".join(f"{_path(name)}: {problem}" for name, problem in apart.items()))
            self._is_due(news | {"files": {f"{name}.crt": own for name, (own, _) in given.items()}})
        return DiffResult(changes=self.differs(olds, news) or (not news.get("given") and self._is_due(olds)))

    def create(self, props: Properties) -> CreateResult:
        """Generate all of them."""
        return CreateResult(sorted(props["names"])[0], self._generated({}, props))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Generate those that differ."""
        again = (olds.get("rotate") or "") != (news.get("rotate") or "") or self._is_due(olds)
        return UpdateResult(self._generated({} if again else olds, news))

    def _is_due(self, olds: Properties) -> bool:
        return expiry.is_due(self.certificates(olds))

    def certificates(self, outs: Properties) -> Iterator[expiry.Certificate]:
        """Those of these outputs."""
        for name, text in sorted(outs["files"].items()):
            if name.endswith(".crt"):
                remedy = GIVE if outs.get("given") else expiry.RENEWS
                yield expiry.Certificate(f"the certificate {name.removesuffix('.crt')}", text, remedy)

    def _generated(self, olds: Properties, news: Properties) -> Properties:
        from consul_on_pulumi.security import x509

        if news.get("given"):
            return {**news, "files": news["given"]}
        signer = (news["signer"], news["signer_key"])
        issuers = x509.issuers(news["signer"])
        files: dict[str, str] = {}
        for name, names in news["names"].items():
            if olds.get("signer") == news["signer"] and olds.get("names", {}).get(name) == names:
                own, key = olds["files"][f"{name}.crt"].partition(END)[0] + END, olds["files"][f"{name}.key"]
            else:
                own, key = x509.certificate(signer, names, int(news["days"]), expiry.now())
            files |= {f"{name}.crt": own + issuers + (news.get("chain") or ""), f"{name}.key": key}
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
        given: tuple[pulumi.Input[str], Mapping[str, pulumi.Input[str]]] | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`names` are the DNS names and IP addresses of each certificate, by the name of its file; `settings` are those
        of a SecurityArgs. Files that are `given`, after the authorities that signed them, are taken as they are."""
        rotate = settings["rotate"]
        assert isinstance(rotate, Mapping)
        props: dict[str, Any] = {
            "names": names,
            "days": settings["certificate_days"],
            "rotate": rotate["certificates"],
            "signer": authority.certificate,
            "signer_key": authority.key,
            "chain": trust.chain,
        }
        if given:
            # A preview knows it, unlike the output of a resource that is not created yet.
            props["signer"] = pulumi.Output.unsecret(pulumi.Output.from_input(given[0]))
            props["given"] = {name: pulumi.Output.secret(text) for name, text in given[1].items()}
        super().__init__(CertificatesProvider(), name, props, with_options(opts, additional_secret_outputs=["files"]))
        # Mocks may leave it out.
        self.files = self.files.apply(lambda generated: generated or {one + end: "" for one in names for end in ENDS})


def _given(props: Properties) -> dict[str, tuple[str, str]]:
    """The pairs that are given, by the name of their files; none while one of them or the authority is not known."""
    given = props.get("given") or {}
    if not isinstance(given, Mapping) or not all(isinstance(one, str) for one in [*given.values(), props["signer"]]):
        return {}
    names = sorted(name.removesuffix(".crt") for name in given if name.endswith(".crt"))
    return {name: (given[f"{name}.crt"], given[f"{name}.key"]) for name in names}


def _path(name: str) -> str:
    """Where it is given (settings/security_args.py)."""
    return f"security_secrets.{name.removeprefix('security-')}.crt"

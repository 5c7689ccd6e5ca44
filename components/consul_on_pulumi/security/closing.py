"""Closing a cluster: what is generated for it, and what each of its parts gets of that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from consul_on_pulumi.model import adoption, closed, naming
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.outputs import lifted
from consul_on_pulumi.providers import connecting, evidence
from consul_on_pulumi.providers.provider import Addresses
from consul_on_pulumi.security import acl_rules
from consul_on_pulumi.security.access import Access
from consul_on_pulumi.security.authority import Authority
from consul_on_pulumi.security.certificates import ENDS, Certificates
from consul_on_pulumi.security.credentials import GOSSIP_KEY, MANAGEMENT, MANAGEMENT_TOKEN, TOKENS, Credentials
from consul_on_pulumi.security.issued import IssuedCertificates
from consul_on_pulumi.security.retired import Retired
from consul_on_pulumi.security.trust import Trust

AUTHORITY_DAYS = 3650
"""How long the authority of a cluster is valid."""
LOOPBACK = ["localhost", "127.0.0.1", "::1"]
"""The names in every certificate, for requests through a published port."""
PAIR = {"certificate": "authority.crt", "key": "authority.key"}
SINGLE = {GOSSIP_KEY: "gossip.key", MANAGEMENT: "management.token"}
"""The names of what is given, by what it is to the providers."""
CertificateNames = dict[str, list[pulumi.Input[str]]]
"""The names in each certificate, by the name of its files."""
Names = Callable[[Topology, Role, int], Iterable[pulumi.Input[str]]]
"""The names of one agent on its platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What was generated for one cluster."""

    name: str
    """Prefix of the logical names."""
    settings: Mapping[str, Any]
    """Those of a SecurityArgs."""
    credentials: Credentials
    authority: pulumi.Output[str]
    """What signs the certificates, as PEM."""
    trusted: pulumi.Output[str]
    """What agents trust now."""
    signing: tuple[Authority, Trust] | None
    """Generate certificates; None where they are issued."""
    issued: Mapping[Role, pulumi.Input[str]]
    """The objects with certificates that a controller of the platform issues and renews."""
    given: Mapping[str, pulumi.Input[str]]
    """What is not generated (settings/security_args.py)."""
    location: Mapping[str, pulumi.Input[str]]
    """Where the agents are (platforms/contract.py)."""

    @property
    def phase(self) -> str:
        """How far the agents are to be closed (model/adoption.py)."""
        return adoption.phase(self.settings)

    def files(
        self, role: Role, topology: Topology, names: Names, asked: Iterable[str], opts: pulumi.ResourceOptions
    ) -> tuple[dict[str, pulumi.Output[str]], pulumi.Output[str]]:
        """The secret files of a tier, name to content, and their mark; its certificates are generated or given. This
        program looks for the names that are `asked` for in each."""
        own = self._certificates(role, topology, names, asked, opts)
        tokens, dns, words = self.credentials.tokens, self.settings["dns"], self.settings["rotate"]
        public = {name.removesuffix(".crt"): text for name, text in own.items() if name.endswith(".crt")}
        # Nothing that is not secret may follow from a secret: of those, it is the words that tell which they are.
        told = [self.phase, str(dns), *(words[key] for key in (GOSSIP_KEY, MANAGEMENT_TOKEN, TOKENS))]
        marks = pulumi.Output.unsecret(
            pulumi.Output.all(self.authority, self.trusted, public, self.credentials.ids).apply(
                lambda known: {
                    evidence.AUTHORITY: naming.digest_of(known[0]),
                    evidence.FILES: naming.digest_of([told, *known]),
                }
            )
        )
        found = {
            closed.AUTHORITY: self.trusted,
            closed.CONFIGURATION: pulumi.Output.all(self.credentials.gossip_key, tokens, marks).apply(
                lambda known: closed.secret_configuration(
                    role, known[0], known[1], known[2], self.phase, dns=dns, issued=bool(self.issued)
                )
            ),
            closed.TOKEN: tokens[closed.READERS],
            **own,
        }
        return found, marks[evidence.FILES]

    def _certificates(
        self, role: Role, topology: Topology, names: Names, asked: Iterable[str], opts: pulumi.ResourceOptions
    ) -> dict[str, pulumi.Output[str]]:
        if self.signing is None:
            return {}
        first, own = closed.subject(role, topology.datacenter), role.value
        given = None
        if PAIR["certificate"] in self.given and PAIR["key"] not in self.given:
            files = {f"security-{name}": text for name, text in self.given.items() if name.startswith(own)}
            if not files:
                return {}
            given = (self.given[PAIR["certificate"]], files)
            # What else is in one that was made elsewhere is its maker's choice.
            wanted: list[pulumi.Input[str]] = [*([first] if role is Role.SERVER else []), *asked]
            generated: CertificateNames = {
                name.removesuffix(".crt"): wanted for name in sorted(files) if name.endswith(".crt")
            }
        else:
            generated = {
                closed.certificate_name(role, ordinal): [first, *names(topology, role, ordinal), *LOOPBACK]
                for ordinal in range(closed.certificate_count(role))
            }
        made = Certificates(f"{self.name}-{own}-certificates", generated, self.settings, *self.signing, given, opts)
        return {name + end: made.files[name + end] for name in generated for end in ENDS}

    def admit(
        self,
        cluster: str,
        keys: Iterable[str],
        addresses: Addresses,
        opts: pulumi.ResourceOptions,
        store: pulumi.Input[str] | None,
        *,
        join: bool,
    ) -> Access:
        """Write the policies and tokens of the cluster with this name, whose seeds have these keys; with `join` it is
        a part of another one."""
        more = {"store": store, **({"join": True} if join else {})}
        return Access(
            f"{self.name}-access", cluster, list(keys), addresses, self.credentials, self.settings, opts, more
        )


def retire(closing: Closing | None, addresses: Addresses, opts: pulumi.ResourceOptions) -> None:
    """Delete what was replaced in a closed cluster, after what `opts` depend on."""
    if closing:
        Retired(f"{closing.name}-retired", addresses, closing.credentials, opts)


def close(
    name: str,
    component: pulumi.Resource,
    topology: Topology,
    settings: Mapping[str, Any],
    location: Mapping[str, pulumi.Input[str]],
    given: Mapping[str, pulumi.Input[str]],
    issued: Mapping[Role, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Closing | None:
    """Generate the credentials and the authority of a component's cluster; its children get a connection with them.

    `name` is a prefix of their logical names; what is `given` is not generated, and no certificate where objects hold
    those that a controller has `issued`. None where the `settings` leave it open.
    """
    if not settings["enabled"]:
        return None
    rotate = settings["rotate"]
    subject = f"{topology.cluster} authority"
    authority = None
    if issued:
        known = _issued(name, topology, location, issued, opts).authority
    else:
        own = _own(given, PAIR)
        authority = Authority(f"{name}-authority", subject, AUTHORITY_DAYS, rotate["authority"], own, opts)
        known = authority.known
    credentials = Credentials(
        f"{name}-credentials",
        acl_rules.TOKENS,
        topology.cluster,
        rotate,
        location,
        known,
        _own(given, SINGLE),
        opts,
    )
    generated = connection(credentials, known, adoption.phase(settings))
    connecting.share_credentials(component, f"{component.pulumi_resource_name}/{topology.cluster}", generated)
    trust = Trust(f"{name}-trust", authority, location, opts) if authority else None
    return Closing(
        name=name,
        settings=settings,
        credentials=credentials,
        authority=authority.certificate if authority else known,
        trusted=trust.trusted if trust else known,
        signing=(authority, trust) if authority and trust else None,
        issued=issued,
        given=given,
        location=location,
    )


def _issued(
    name: str,
    topology: Topology,
    location: Mapping[str, pulumi.Input[str]],
    secrets: Mapping[Role, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> IssuedCertificates:
    subject = closed.subject(Role.SERVER, topology.datacenter)
    names = lifted(partial(_names, subject), [secrets[Role.SERVER], *secrets.values()])
    return IssuedCertificates(f"{name}-issued", location, names, opts)


def _names(subject: str, secrets: Sequence[str]) -> dict[str, list[str]]:
    # A client needs no name. Both tiers may share one Secret, and the first one is that of the servers.
    return {secret: [subject] if secret == secrets[0] else [] for secret in secrets}


def _own(given: Mapping[str, pulumi.Input[str]], names: Mapping[str, str]) -> dict[str, pulumi.Input[str]]:
    return {name: given[file] for name, file in names.items() if file in given}


def connection(credentials: Credentials, authority: pulumi.Input[str], phase: str) -> dict[str, pulumi.Input[str]]:
    """The credentials of the program itself."""
    tokens = credentials.tokens
    return {
        # Servers know it as soon as one of them with ACLs leads. The others are written when all have them.
        "token": tokens[MANAGEMENT if phase == adoption.ACCEPT else acl_rules.GATES],
        "seeds": tokens[acl_rules.SEEDS],
        MANAGEMENT: tokens[MANAGEMENT],
        "authority": authority,
    }

"""Closing a cluster: what is drawn for it, and what each of its parts gets of that."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from consul_on_pulumi.model import adoption, closed
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.providers.provider import Addresses
from consul_on_pulumi.security import acl_rules
from consul_on_pulumi.security.access import Access
from consul_on_pulumi.security.authority import Authority
from consul_on_pulumi.security.certificates import Certificates
from consul_on_pulumi.security.credentials import MANAGEMENT, Credentials

AUTHORITY_DAYS = 3650
"""How long the authority of a cluster is valid."""
LOOPBACK = ["localhost", "127.0.0.1", "::1"]
"""The names in every certificate, for requests through a published port."""
Names = Callable[[Topology, Role, int], Iterable[pulumi.Input[str]]]
"""The names of one agent on its platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What was drawn for one cluster."""

    name: str
    """Prefix of the logical names."""
    settings: Mapping[str, Any]
    """Those of a SecurityArgs."""
    credentials: Credentials
    authority: Authority

    @property
    def phase(self) -> str:
        """How far the agents are to be closed (model/adoption.py)."""
        return adoption.phase(self.settings)

    @property
    def connection(self) -> dict[str, pulumi.Input[str]]:
        """The credentials of the program itself."""
        tokens = self.credentials.tokens
        return {
            # Servers know it as soon as one of them with ACLs leads. The others are written when all have them.
            "token": tokens[MANAGEMENT if self.phase == adoption.ACCEPT else acl_rules.GATES],
            "seeds": tokens[acl_rules.SEEDS],
            MANAGEMENT: tokens[MANAGEMENT],
            "authority": self.authority.certificate,
        }

    def files(
        self, role: Role, topology: Topology, names: Names, opts: pulumi.ResourceOptions
    ) -> dict[str, pulumi.Output[str]]:
        """Draw the certificates of a tier; returns its secret files, name to content."""
        first = closed.subject(role, topology.datacenter)
        drawn = {
            closed.certificate_name(role, ordinal): [first, *names(topology, role, ordinal), *LOOPBACK]
            for ordinal in range(closed.certificate_count(role))
        }
        days = self.settings["certificate_days"]
        certificates = Certificates(f"{self.name}-{role.value}-certificates", drawn, days, self.authority, opts)
        tokens, dns = self.credentials.tokens, self.settings["dns"]
        return {
            closed.AUTHORITY: pulumi.Output.secret(self.authority.certificate),
            closed.CONFIGURATION: pulumi.Output.all(self.credentials.gossip_key, tokens).apply(
                lambda known: closed.secret_configuration(role, known[0], known[1], self.phase, dns=dns)
            ),
            closed.TOKEN: tokens.apply(closed.command_token),
            **{name + end: certificates.files[name + end] for name in drawn for end in (".crt", ".key")},
        }

    def admit(
        self,
        cluster: str,
        keys: Iterable[str],
        addresses: Addresses,
        opts: pulumi.ResourceOptions,
        store: pulumi.Input[str] | None,
    ) -> Access:
        """Write the policies and tokens of the cluster with this name, whose seeds have these keys."""
        return Access(
            f"{self.name}-access", cluster, list(keys), addresses, self.credentials, self.settings, opts, store
        )


def draw(name: str, topology: Topology, settings: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Closing:
    """Draw the credentials and the authority of a cluster; `name` is a prefix of their logical names."""
    credentials = Credentials(f"{name}-credentials", acl_rules.TOKENS, opts)
    authority = Authority(f"{name}-authority", f"{topology.cluster} authority", AUTHORITY_DAYS, opts)
    return Closing(name=name, settings=settings, credentials=credentials, authority=authority)

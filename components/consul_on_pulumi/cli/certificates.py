"""`consul-on-pulumi certificates`: when the certificates of a closed cluster end, and which have to be renewed now."""

import sys
from collections.abc import Iterator

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul.api import RefusedError, UnreachableError
from consul_on_pulumi.security.authority import AuthorityProvider
from consul_on_pulumi.security.certificates import CertificatesProvider
from consul_on_pulumi.security.issued import IssuedCertificatesProvider

KEPT: dict[str, AuthorityProvider | CertificatesProvider | IssuedCertificatesProvider] = {
    ":Authority": AuthorityProvider(),
    ":Certificates": CertificatesProvider(),
    ":IssuedCertificates": IssuedCertificatesProvider(),
}
"""The provider of each kind of resource that holds certificates, by the end of its type."""


def run(stack: str, name: str | None) -> Iterator[str]:
    """A line for each certificate of a cluster. Ends the program with the warnings of a preview, if there are any."""
    cluster = stacks.cluster(stack, name)
    try:
        found = [
            one
            for kind, provider in KEPT.items()
            for outs in stacks.all_outputs(stack, cluster.name, kind)
            for one in provider.certificates(outs)
        ]
    except (RefusedError, UnreachableError) as error:
        sys.exit(str(error))
    if not found:
        sys.exit(f"{cluster.name} has no certificates: it is open")
    for one in found:
        yield one.told
    if due := [one.warning for one in found if one.is_due]:
        sys.exit("\n".join(due))

"""Certificates that were made elsewhere: what would keep agents from believing them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from consul_on_pulumi.security.x509 import is_authority, read


def pair_problems(pair: tuple[str, str], names: Sequence[str], trusted: str, now: datetime) -> Iterator[str]:
    """Why an agent with these `names` cannot use this pair among others that trust the authorities in `trusted`. Each
    message follows the path of the certificate; all are PEM."""
    try:
        own, *chain = read(pair[0])
        private = serialization.load_pem_private_key(pair[1].encode(), password=None)
    except (ValueError, TypeError):
        yield "expected a certificate and its private key without a password, both as PEM"
        return
    if own.public_key() != private.public_key():
        yield "the private key is that of another certificate"
    shown = _names(own)
    if missing := [name for name in names if name not in shown]:
        yield (
            f"expected the names {', '.join(missing)} as well (subject alternative names), got "
            f"{', '.join(shown) or 'none'}: other agents and this program look for them"
        )
    if missing := _missing_usages(own):
        yield f"expected it for both ends of a connection (extended key usage), {' and '.join(missing)} is missing"
    yield from life_problems(own, now)
    if not is_trusted(own, chain, read(trusted)):
        issuer = own.issuer.rfc4514_string()
        yield f"its issuer {issuer} is not a trusted authority, and no trusted authority signed the issuer"


def step_problem(before: tuple[str, str], after: tuple[str, str]) -> str:
    """Why an agent with the files from before and one with those from now on would not trust each other; empty if
    they do. Each of the two is a certificate and the authorities that its agent trusts, as PEM."""
    (old, *old_chain), (new, *new_chain) = read(before[0]), read(after[0])
    if is_trusted(new, new_chain, read(before[1])) and is_trusted(old, old_chain, read(after[1])):
        return ""
    return (
        "agents load their files one after the other, and would not trust each other meanwhile. Give the old "
        "authority and the new one in authority.crt first, then the new certificates, then the new authority alone, "
        "each with a `pulumi up`"
    )


def authority_problems(bundle: str, now: datetime) -> Iterator[str]:
    """Why these are no authorities that agents can trust. Each message follows the path."""
    try:
        found = read(bundle)
    except ValueError:
        yield "expected certificates of authorities as PEM"
        return
    for one in found:
        if not is_authority(one):
            yield f"{one.subject.rfc4514_string()} is no authority (basic constraints: CA)"
    yield from life_problems(found[0], now)


def life_problems(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    """Whether it is valid now."""
    if certificate.not_valid_after_utc <= now:
        yield f"it ended on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, give one that is valid"
    if certificate.not_valid_before_utc > now:
        yield f"it is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"


def is_trusted(own: x509.Certificate, chain: Iterable[x509.Certificate], trusted: Sequence[x509.Certificate]) -> bool:
    """Whether one of the `trusted` signed it, or signed one of the `chain` that did."""
    rest = list(chain)
    while True:
        if own in trusted or any(_signed(own, by) for by in trusted):
            return True
        by = next((one for one in rest if _signed(own, one)), None)
        if by is None:
            return False
        rest.remove(by)
        own = by


def _signed(own: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        own.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names(own: x509.Certificate) -> list[str]:
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(one) for one in found.get_values_for_type(x509.IPAddress)]
    return [*found.get_values_for_type(x509.DNSName), *addresses]


def _missing_usages(own: x509.Certificate) -> list[str]:
    """A certificate that names no usage may be used for all of them."""
    try:
        found = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    both = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}
    return [name for name, usage in both.items() if usage not in found]

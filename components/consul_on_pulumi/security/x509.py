"""Keys and certificates, as PEM: generated here, with no clock of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TOLERANCE = timedelta(hours=1)
"""How far the clock of a machine may be behind."""
Pair = tuple[str, str]
"""A certificate and its private key."""
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""The kinds of keys that an authority may have. Those that are generated are on an elliptic curve."""


def authority(name: str, days: int, now: datetime) -> Pair:
    """A new certificate authority, which signs certificates of agents, and of the authority that follows it."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return _pem(_authority(_builder(subject, key.public_key(), days, now), subject, own, own, key), key)


def crossed(signer: Pair, successor: str, days: int, now: datetime) -> str:
    """A certificate of the `successor` by the `signer`: who trusts the signer alone trusts its certificates too."""
    by, signing = _signer(signer)
    found = x509.load_pem_x509_certificate(successor.encode())
    public = found.public_key()
    assert isinstance(public, Public)
    builder = _builder(found.subject, public, days, now)
    built = _authority(builder, by.subject, _identifier(found), _identifier(by), signing)
    return built.public_bytes(serialization.Encoding.PEM).decode()


def _authority(
    builder: x509.CertificateBuilder,
    issuer: x509.Name,
    own: x509.SubjectKeyIdentifier,
    by: x509.SubjectKeyIdentifier,
    signing: Private,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.issuer_name(issuer)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(own, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(by), critical=False)
        .sign(signing, hashes.SHA256())
    )


def _identifier(of: x509.Certificate) -> x509.SubjectKeyIdentifier:
    """What an authority calls its key, which OpenSSL compares: the usual digest, or as `consul tls ca create` does it,
    another one."""
    try:
        return of.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        public = of.public_key()
        assert isinstance(public, Public)
        return x509.SubjectKeyIdentifier.from_public_key(public)


def certificate(signer: Pair, names: Sequence[str], days: int, now: datetime) -> Pair:
    """A certificate for these names and IP addresses, the first of which is its subject."""
    by, signing = _signer(signer)
    key = ec.generate_private_key(ec.SECP256R1())
    # An agent connects to others and is connected to, with the same certificate.
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    built = (
        _builder(_named(names[0]), key.public_key(), days, now)
        .issuer_name(by.subject)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(both, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_identifier(by)), critical=False)
    )
    return _pem(built.sign(signing, hashes.SHA256()), key)


def life(pem: str) -> tuple[datetime, datetime]:
    """When the first certificate begins and ends, in UTC."""
    found = x509.load_pem_x509_certificate(pem.encode())
    return found.not_valid_before_utc, found.not_valid_after_utc


def read(pem: str) -> list[x509.Certificate]:
    """All certificates in a text. Raises ValueError where there is none."""
    return x509.load_pem_x509_certificates(pem.encode())


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may sign others."""
    return any(isinstance(one.value, x509.BasicConstraints) and one.value.ca for one in certificate.extensions)


def issuers(pem: str) -> str:
    """What follows a certificate of the first authority in `pem` where the ones after it are those that agents know."""
    first, *others = read(pem)
    return first.public_bytes(serialization.Encoding.PEM).decode() if others else ""


def pair_problem(pair: Pair) -> str:
    """Why this cannot be an authority; empty if it can."""
    try:
        certificate, key = _signer(pair)
    except (ValueError, TypeError, AssertionError):
        return "expected the certificate of an authority and its private key (elliptic curve or RSA), both as PEM"
    if certificate.public_key() != key.public_key():
        return "the private key is that of another certificate"
    return "" if is_authority(certificate) else "the certificate is that of no authority (basic constraints: CA)"


def signs_authorities(pem: str) -> bool:
    """Whether an authority may sign another one."""
    found = x509.load_pem_x509_certificate(pem.encode()).extensions
    return found.get_extension_for_class(x509.BasicConstraints).value.path_length != 0


def _signer(signer: Pair) -> tuple[x509.Certificate, Private]:
    key = serialization.load_pem_private_key(signer[1].encode(), password=None)
    assert isinstance(key, Private)
    return x509.load_pem_x509_certificate(signer[0].encode()), key


def _builder(subject: x509.Name, public: Public, days: int, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - TOLERANCE)
        .not_valid_after(now + timedelta(days=days))
    )


def _named(name: str) -> x509.Name:
    # A common name has at most 64 characters (RFC 5280).
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()

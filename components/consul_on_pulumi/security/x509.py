"""Keys and certificates, as PEM: drawn here, with no clock of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TOLERANCE = timedelta(hours=1)
"""How far the clock of a machine may be behind."""
Pair = tuple[str, str]
"""A certificate and its private key."""


def authority(name: str, days: int, now: datetime) -> Pair:
    """A new certificate authority, which signs certificates of agents and no other authority."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
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
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    built = (
        _builder(subject, key, days, now)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
    )
    return _pem(built.sign(key, hashes.SHA256()), key)


def certificate(signer: Pair, names: Sequence[str], days: int, now: datetime) -> Pair:
    """A certificate for these names and IP addresses, the first of which is its subject."""
    by = x509.load_pem_x509_certificate(signer[0].encode())
    signing = serialization.load_pem_private_key(signer[1].encode(), password=None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    # An agent connects to others and is connected to, with the same certificate.
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    built = (
        _builder(_named(names[0]), key, days, now)
        .issuer_name(by.subject)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(both, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    return _pem(built.sign(signing, hashes.SHA256()), key)


def expires(pem: str) -> datetime:
    """When a certificate ends, in UTC."""
    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


def _builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
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

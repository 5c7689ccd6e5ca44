"""Credentials and certificates: what is generated, what stays, and whom TLS trusts."""

import base64
import socket
import ssl
import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.security import acl_rules, x509
from consul_on_pulumi.security.authority import AuthorityProvider
from consul_on_pulumi.security.certificates import CertificatesProvider
from consul_on_pulumi.security.credentials import CredentialsProvider
from consul_on_pulumi.security.trust import TrustProvider
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    ExtensionType,
    Name,
    NameAttribute,
    SubjectKeyIdentifier,
)
from cryptography.x509.oid import NameOID
from pulumi.dynamic import CreateResult, UpdateResult

NOW = datetime.now(UTC)
AUTHORITY = x509.authority("dev authority", 30, NOW)


def outputs(result: CreateResult | UpdateResult) -> dict[str, Any]:
    assert result.outs
    return result.outs


def test_every_credential_is_generated_once_and_a_new_one_leaves_the_others() -> None:
    first = outputs(CredentialsProvider().create({"names": ["management", "gates"]}))
    other = outputs(CredentialsProvider().create({"names": ["management", "gates"]}))

    assert len(base64.b64decode(first["gossip_key"])) == 32
    assert len({*first["tokens"].values(), *first["ids"].values(), *other["tokens"].values()}) == 6
    news = {"names": ["management", "gates", "seeds"]}
    assert CredentialsProvider().diff("id", first, {"names": ["management"]}).changes is False
    assert CredentialsProvider().diff("id", first, news).changes is True
    later = outputs(CredentialsProvider().update("id", first, news))
    assert later["gossip_key"] == first["gossip_key"]
    assert first["tokens"].items() < later["tokens"].items()


def test_certificates_are_generated_again_for_other_names_only() -> None:
    props = {"names": {"a": ["a"], "b": ["b"]}, "days": 30, "signer": AUTHORITY[0], "signer_key": AUTHORITY[1]}
    first = outputs(CertificatesProvider().create(props))
    news = props | {"names": {"a": ["a"], "b": ["b", "10.0.0.1"]}}

    assert CertificatesProvider().diff("id", first, props).changes is False
    assert CertificatesProvider().diff("id", first, news).changes is True
    later = outputs(CertificatesProvider().update("id", first, news))["files"]
    assert {name for name, text in later.items() if text == first["files"][name]} == {"a.crt", "a.key"}


def authorities(props: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs of an authority, and of the one that follows."""
    provider = AuthorityProvider()
    first = outputs(provider.create(props))
    assert provider.diff("id", first, props).changes is False
    assert provider.diff("id", first, props | {"rotate": "2"}).changes is True
    return first, outputs(provider.update("id", first, props | {"rotate": "2"}))


def test_who_knows_one_of_two_authorities_trusts_the_certificates_of_both(tmp_path: Path) -> None:
    old, new = authorities({"subject": "dev authority", "days": 300, "rotate": ""})
    for number, (by, chain) in enumerate(((old, ""), (new, new["chain"]))):
        certificate, key = x509.certificate((by["certificate"], by["key"]), ["server.dc1.consul"], 30, NOW)
        (tmp_path / f"{number}.pem").write_text(certificate + chain + key)
        for trusted in (old["certificate"], new["certificate"] + new["previous"]):
            handshake(tmp_path / f"{number}.pem", trusted, "server.dc1.consul")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path / "0.pem", new["certificate"], "server.dc1.consul")


@pytest.mark.parametrize(
    ("days", "early", "due"), [(300, 269, False), (300, 271, True), (30, 19, False), (30, 21, True)]
)
def test_what_ends_soon_is_renewed_and_said(days: int, early: int, due: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
    props = {"names": {"a": ["a"]}, "days": days, "signer": AUTHORITY[0], "signer_key": AUTHORITY[1]}
    first = outputs(CertificatesProvider().create(props))
    authority = outputs(AuthorityProvider().create({"subject": "dev", "days": days}))

    monkeypatch.setattr("consul_on_pulumi.security.expiry.now", lambda: datetime.now(UTC) + timedelta(days=early))
    assert CertificatesProvider().diff("id", first, props).changes is due
    assert AuthorityProvider().diff("id", authority, {"subject": "dev", "days": days}).changes is due
    assert ["ends on" in one and "`pulumi up` renews it" in one for one in said] == [True] * (2 * due)
    kept = [*CertificatesProvider().certificates(first), *AuthorityProvider().certificates(authority)]
    # `consul-on-pulumi certificates` says the same.
    assert [one.warning for one in kept if one.is_due] == said
    later = outputs(CertificatesProvider().update("id", first, props))
    assert (later["files"] != first["files"]) is due


def test_an_old_authority_is_forgotten_when_every_agent_shows_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("consul_on_pulumi.providers.evidence.require", lambda *args: asked.append(args))
    olds = {"certificate": "OLD", "previous": "", "next_chain": "", "location": {}}
    first = outputs(TrustProvider().create(olds))
    news = {"certificate": "NEW", "previous": "OLD", "next_chain": "CROSSED", "location": {}}

    assert TrustProvider().diff("id", first, olds).changes is False
    assert TrustProvider().diff("id", first, news).changes is True
    both = outputs(TrustProvider().update("id", first, news))
    assert (both["trusted"], both["chain"], asked) == ("NEWOLD", "CROSSED", [])
    assert TrustProvider().diff("id", both, news).changes is True
    last = outputs(TrustProvider().update("id", both, news))
    assert (last["trusted"], last["chain"], len(asked)) == ("NEW", "", 2)
    assert TrustProvider().diff("id", last, news).changes is False


def test_a_certificate_loses_its_chain_and_stays_the_same() -> None:
    props = {"names": {"a": ["a"]}, "days": 30, "signer": AUTHORITY[0], "signer_key": AUTHORITY[1]}
    first = outputs(CertificatesProvider().create(props | {"chain": AUTHORITY[0]}))
    later = outputs(CertificatesProvider().update("id", first, props | {"chain": ""}))

    assert first["files"] == {"a.crt": later["files"]["a.crt"] + AUTHORITY[0], "a.key": later["files"]["a.key"]}


def handshake(server: Path, trusted: str, name: str) -> None:
    """Connect to a server with this certificate as a client that trusts these authorities."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(server)
    trusting = ssl.create_default_context(cadata=trusted)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        trusting.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize(
    ("name", "days", "signer", "refused"),
    [
        ("server.dc1.consul", 30, AUTHORITY, ""),
        ("127.0.0.1", 30, AUTHORITY, ""),
        ("client.dc1.consul", 30, AUTHORITY, "match"),
        ("server.dc1.consul", 0, AUTHORITY, "expired"),
        ("server.dc1.consul", 30, x509.authority("dev authority", 30, NOW), "certificate verify failed"),
    ],
    ids=["its name", "its address", "the name of a client", "expired", "another authority of the same name"],
)
def test_tls_trusts_a_certificate_of_the_authority_for_its_names(
    tmp_path: Path, name: str, days: int, signer: x509.Pair, refused: str
) -> None:
    certificate, key = x509.certificate(signer, ["server.dc1.consul", "127.0.0.1"], days, NOW - timedelta(hours=2))
    (tmp_path / "both.pem").write_text(certificate + key)
    with pytest.raises(ssl.SSLCertVerificationError, match=refused) if refused else nullcontext():
        handshake(tmp_path / "both.pem", AUTHORITY[0], name)


def test_tls_trusts_a_certificate_of_an_authority_that_names_its_key_as_consul_does(tmp_path: Path) -> None:
    """`consul tls ca create` takes a digest of 32 bytes, and the usual one has 20."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    authority = self_signed(key, SubjectKeyIdentifier(bytes(32)), BasicConstraints(ca=True, path_length=None))
    (tmp_path / "both.pem").write_text("".join(x509.certificate((authority, pem), ["server.dc1.consul"], 30, NOW)))

    handshake(tmp_path / "both.pem", authority, "server.dc1.consul")
    successor, key_of_successor = x509.authority("next", 30, NOW)
    crossed = x509.crossed((authority, pem), successor, 30, NOW)
    leaf, own = x509.certificate((successor, key_of_successor), ["server.dc1.consul"], 7, NOW)
    (tmp_path / "chain.pem").write_text(leaf + crossed + own)
    handshake(tmp_path / "chain.pem", authority, "server.dc1.consul")


def test_a_certificate_ends_after_its_days() -> None:
    certificate, _ = x509.certificate(AUTHORITY, ["a"], 7, NOW)

    assert abs(x509.life(certificate)[1] - NOW - timedelta(days=7)) < timedelta(seconds=1)


def test_seeds_may_be_written_below_their_first_parts_and_nowhere_else() -> None:
    rules = acl_rules.policies("dev", acl_rules.prefixes(["app/db/host", "app/name", "motd", 'a"b']))["seeds"]

    assert rules.splitlines() == [
        'key "a\\"b" { policy = "write" }',
        'key_prefix "app/" { policy = "write" }',
        'key "motd" { policy = "write" }',
    ]


def test_a_key_may_look_like_an_expression_of_consuls_language() -> None:
    rules = acl_rules.policies("dev", acl_rules.prefixes(["a${b/c", "$x"]))["seeds"]

    assert rules.splitlines() == [
        'key "\\u0024x" { policy = "write" }',
        'key_prefix "a\\u0024{b/" { policy = "write" }',
    ]


def test_only_the_management_token_has_no_policy_of_its_own() -> None:
    assert set(acl_rules.TOKENS) - set(acl_rules.policies("dev", [])) == {"management"}
    assert not [name for name, rules in acl_rules.policies("dev", []).items() if "acl" in rules]


def given(certificate: str, key: str) -> dict[str, Any]:
    return {"subject": "dev", "days": 30, "given": {"certificate": certificate, "key": key}}


def test_an_authority_that_is_given_signs_and_is_not_generated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
    props = given(*AUTHORITY)
    found = outputs(AuthorityProvider().create(props))

    assert list(AuthorityProvider().problems({}, props)) == []
    assert (found["certificate"], found["key"]) == AUTHORITY
    monkeypatch.setattr("consul_on_pulumi.security.expiry.now", lambda: NOW + timedelta(days=29))
    assert AuthorityProvider().diff("id", found, props).changes is False
    assert "Give another one in `security_secrets`" in said[0]
    other = given(*x509.authority("other", 30, NOW)) | {"rotate": "2"}
    later = outputs(AuthorityProvider().update("id", found, other))
    assert (later["certificate"], later["previous"]) == (other["given"]["certificate"], AUTHORITY[0])


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("no PEM", AUTHORITY[1]), "both as PEM"),
        ((AUTHORITY[0], x509.authority("other", 30, NOW)[1]), "that of another certificate"),
        (x509.certificate(AUTHORITY, ["a"], 30, NOW), "no authority"),
    ],
    ids=["no PEM", "another key", "an agent's certificate"],
)
def test_what_cannot_sign_is_refused(pair: x509.Pair, said: str) -> None:
    (problem,) = AuthorityProvider().problems({}, given(*pair))
    assert said in problem
    assert "PRIVATE" not in problem


def test_an_rsa_authority_signs() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    certificate = x509.crossed(AUTHORITY, self_signed(key), 30, NOW)

    assert x509.pair_problem((certificate, pem)) == ""
    assert "BEGIN CERTIFICATE" in x509.certificate((certificate, pem), ["a"], 7, NOW)[0]


def self_signed(key: rsa.RSAPrivateKey, *extensions: ExtensionType) -> str:
    name = Name([NameAttribute(NameOID.COMMON_NAME, "rsa")])
    built = CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=30))
    for one in extensions:
        built = built.add_extension(one, critical=False)
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_key_and_a_token_that_are_given_are_taken_and_not_generated() -> None:
    own = {"gossip_key": base64.b64encode(bytes(32)).decode(), "management": "00000000-1111-2222-3333-444444444444"}
    props = {"names": ["management", "gates"], "given": own}
    found = outputs(CredentialsProvider().create(props))

    assert list(CredentialsProvider().problems({}, props)) == []
    assert (found["gossip_key"], found["tokens"]["management"]) == tuple(own.values())
    problems = list(CredentialsProvider().problems({}, {"given": {"gossip_key": "short", "management": "secret"}}))
    assert ["management.token" in problems[0], "gossip.key" in problems[1]] == [True, True]
    assert "secret" not in problems[0].partition(":")[2]

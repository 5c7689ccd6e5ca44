"""Certificates that were made elsewhere: what is taken, and what is refused with its path."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.security import x509
from consul_on_pulumi.security.authority import AuthorityProvider
from consul_on_pulumi.security.certificates import CertificatesProvider
from consul_on_pulumi.security.issued import IssuedCertificatesProvider
from consul_on_pulumi.security.trust import TrustProvider
from consul_on_pulumi.settings import refusals
from consul_on_pulumi.settings.tier_args import ConsulServerArgs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import BasicConstraints, CertificateBuilder, ExtendedKeyUsage, Name, NameAttribute
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.platform_cases import DOCKER, KUBERNETES
from tests.recording import Other, build, cluster_args

NOW = datetime.now(UTC)
SERVER = ["server.dc1.consul", "127.0.0.1"]
VAULT, OTHER = x509.authority("vault", 3650, NOW), x509.authority("other", 3650, NOW)
CLIENTS = x509.certificate(VAULT, ["client"], 90, NOW)
PAIR, ELSEWHERE = x509.certificate(VAULT, SERVER, 90, NOW), x509.certificate(OTHER, SERVER, 90, NOW)


def intermediate(root: x509.Pair, name: str, path_length: int | None = 0) -> x509.Pair:
    """An authority by another one."""
    by, key = (
        serialization.load_pem_private_key(root[1].encode(), None),
        ec.generate_private_key(ec.SECP256R1()),
    )
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    built = (
        CertificateBuilder()
        .subject_name(Name([NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.read(root[0])[0].subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=300))
        .add_extension(BasicConstraints(ca=True, path_length=path_length), critical=True)
        .sign(by, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return built.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def for_servers_alone() -> x509.Pair:
    """A certificate with which no connection can be begun."""
    key = ec.generate_private_key(ec.SECP256R1())
    by = serialization.load_pem_private_key(VAULT[1].encode(), None)
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    built = (
        CertificateBuilder()
        .subject_name(Name([NameAttribute(NameOID.COMMON_NAME, "x")]))
        .issuer_name(x509.read(VAULT[0])[0].subject)
        .public_key(key.public_key())
        .serial_number(8)
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=30))
        .add_extension(ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(by, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return built.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def given(pair: x509.Pair, authority: str = VAULT[0], names: list[str] = SERVER) -> dict[str, Any]:
    """The inputs of the certificates of one server."""
    files = {"security-server-0.crt": pair[0], "security-server-0.key": pair[1]}
    return {"names": {"security-server-0": names}, "days": 90, "signer": authority, "signer_key": "", "given": files}


INTERMEDIATE = intermediate(VAULT, "intermediate")
CHAINED = x509.certificate(INTERMEDIATE, SERVER, 90, NOW)


@pytest.mark.parametrize(
    "pair",
    [PAIR, (CHAINED[0] + INTERMEDIATE[0], CHAINED[1])],
    ids=["of the authority", "of an intermediate one, which it has with it"],
)
def test_a_pair_that_agents_can_use_is_taken_as_it_is(pair: x509.Pair) -> None:
    props = given(pair)
    assert list(CertificatesProvider().problems({}, props)) == []
    assert (CertificatesProvider().create(props).outs or {})["files"] == props["given"]


@pytest.mark.parametrize(
    ("pair", "problem"),
    [
        ((PAIR[0], ELSEWHERE[1]), "the private key is that of another certificate"),
        (("no PEM", PAIR[1]), "expected a certificate and its private key"),
        (x509.certificate(VAULT, ["web.example.com"], 9, NOW), "expected the names server.dc1.consul, 127.0.0.1"),
        (x509.certificate(VAULT, SERVER, 1, NOW - timedelta(days=3)), "it ended on "),
        (x509.certificate(VAULT, SERVER, 9, NOW + timedelta(days=3)), "it is not valid before "),
        (ELSEWHERE, "its issuer CN=other is not a trusted authority"),
        (CHAINED, "its issuer CN=intermediate is not a trusted authority"),
        (for_servers_alone(), "client auth is missing"),
    ],
)
def test_a_pair_that_agents_cannot_use_is_refused_with_its_path(pair: x509.Pair, problem: str) -> None:
    found = list(CertificatesProvider().problems({}, given(pair)))

    assert [one for one in found if one.startswith("security_secrets.server-0.crt: ") and problem in one] != []
    assert "PRIVATE" not in "".join(found)


def test_nothing_is_checked_before_it_is_known() -> None:
    props = given(PAIR)
    assert list(CertificatesProvider().problems({}, {**props, "signer": object()})) == []
    assert list(CertificatesProvider().problems({}, {**props, "given": object()})) == []


def test_a_renewed_pair_is_an_update_and_an_end_that_is_near_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
    provider, old = CertificatesProvider(), given(PAIR)
    outs = provider.create(old).outs or {}
    renewed = given(x509.certificate(VAULT, SERVER, 90, NOW))

    assert provider.diff("id", outs, old).changes is False
    assert provider.diff("id", outs, renewed).changes is True
    assert (provider.update("id", outs, renewed).outs or {})["files"] == renewed["given"]
    assert said == []
    monkeypatch.setattr("consul_on_pulumi.security.expiry.now", lambda: NOW + timedelta(days=70))
    assert provider.diff("id", outs, old).changes is False
    assert "Give another one in `security_secrets`" in said[0]


@dataclass
class Step:
    """One update: the authorities and the pair that are given."""

    authorities: str
    pair: x509.Pair


BOTH = OTHER[0] + VAULT[0]


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([Step(VAULT[0], PAIR), Step(BOTH, PAIR), Step(BOTH, ELSEWHERE), Step(OTHER[0], ELSEWHERE)], 0),
        ([Step(VAULT[0], PAIR), Step(OTHER[0], ELSEWHERE)], 1),
        ([Step(VAULT[0], PAIR), Step(BOTH, ELSEWHERE)], 1),
        ([Step(VAULT[0], PAIR), Step(BOTH, PAIR), Step(OTHER[0], ELSEWHERE)], 2),
    ],
)
def test_another_authority_comes_in_steps_in_which_agents_trust_each_other(steps: list[Step], refused: int) -> None:
    certificates, authority, trust = CertificatesProvider(), AuthorityProvider(), TrustProvider()
    first = {"subject": "dev", "days": 9, "rotate": "", "given": {"certificate": steps[0].authorities}}
    signer = authority.create(first).outs or {}
    trusted = trust.create({"certificate": signer["certificate"], "previous": "", "next_chain": ""}).outs or {}
    outs = certificates.create(given(steps[0].pair, signer["certificate"])).outs or {}
    for number, step in enumerate(steps[1:], start=1):
        news = {**first, "given": {"certificate": step.authorities}}
        assert authority.diff("id", signer, news).changes is (signer["certificate"] != step.authorities)
        signer = authority.update("id", signer, news).outs or {}
        props = given(step.pair, signer["certificate"])
        if number == refused:
            with pytest.raises(RefusedError, match=r"server-0.crt: agents load their files one after the other"):
                certificates.diff("id", outs, props)
            return
        assert certificates.diff("id", outs, props).changes is True
        outs = certificates.update("id", outs, props).outs or {}
        asked = {"certificate": signer["certificate"], "previous": signer["previous"], "next_chain": signer["chain"]}
        if trust.diff("id", trusted, asked).changes:
            trusted = trust.update("id", trusted, asked).outs or {}
        assert trusted["trusted"] == step.authorities
        assert trust.diff("id", trusted, asked).changes is False


def authority_props(certificate: str, key: str, rotate: str) -> dict[str, Any]:
    return {"subject": "dev", "days": 9, "rotate": rotate, "given": {"certificate": certificate, "key": key}}


def test_an_authority_that_signs_no_other_one_has_a_successor_by_the_one_that_signed_it() -> None:
    provider, root = AuthorityProvider(), VAULT[0]
    first, second = INTERMEDIATE, intermediate(VAULT, "second")
    outs = provider.create(authority_props(*first, "1")).outs or {}
    with pytest.raises(RefusedError, match=r"security.rotate.authority: .*path length 0.*First give the same"):
        provider.diff("id", outs, authority_props(*second, "2"))

    for rotate, (certificate, key) in (("2", first), ("3", second)):
        news = authority_props(certificate + root, key, rotate)
        assert provider.diff("id", outs, news).changes is True
        outs = provider.update("id", outs, news).outs or {}
        assert (outs["certificate"], outs["previous"], outs["chain"]) == (certificate + root, "", "")
    signed = CertificatesProvider().create(
        {"names": {"a": ["a"]}, "days": 9, "signer": outs["certificate"], "signer_key": second[1]}
    )
    # Agents that know the root alone trust it.
    assert (signed.outs or {})["files"]["a.crt"].endswith(second[0])


@pytest.mark.parametrize(
    ("certificate", "key", "problem"),
    [
        (VAULT[0], OTHER[1], "the private key is that of another certificate"),
        (*PAIR, "of no authority"),
        (*x509.authority("old", 1, NOW - timedelta(days=3)), "it ended on "),
        ("no PEM", VAULT[1], "both as PEM"),
    ],
)
def test_an_authority_that_cannot_sign_is_refused_with_its_path(certificate: str, key: str, problem: str) -> None:
    (found,) = AuthorityProvider().problems({}, authority_props(certificate, key, ""))
    assert found.startswith("security_secrets.authority.crt: ")
    assert problem in found


def test_authorities_that_agents_cannot_trust_are_refused() -> None:
    for bundle, problem in (("no PEM", "expected certificates of authorities as PEM"), (PAIR[0], "is no authority")):
        (found,) = AuthorityProvider().problems({}, {"given": {"certificate": bundle}})
        assert problem in found


FILES = {f"server-{at}.{end}": "PEM" for at in range(3) for end in ("crt", "key")}
CLIENT = {"client.crt": "PEM", "client.key": "PEM"}


@pytest.mark.parametrize(
    ("secrets", "more", "refused"),
    [
        ({"authority.crt": "PEM", **FILES, **CLIENT}, {}, ""),
        ({"authority.crt": "PEM", **FILES}, {"clients": 0}, ""),
        ({"authority.crt": "PEM", **FILES}, {}, "expected client.crt, client.key as well"),
        ({"authority.crt": "PEM", **FILES, **CLIENT}, {"servers": 5}, "expected server-3.crt, server-3.key, server-4"),
        (FILES | CLIENT, {}, "expected authority.crt as well"),
        ({"authority.crt": "PEM"}, {}, "expected both authority.crt and authority.key"),
        ({"authority.crt": "PEM", "authority.key": "PEM", **FILES, **CLIENT}, {}, "authority.key: would sign nothing"),
        ({"server-7.crt": "PEM"}, {}, "server-7.crt: expected authority.crt"),
        ({"authority.crt": "PEM", **FILES, **CLIENT}, {"security": {"enabled": False}}, "has no effect in an open"),
    ],
)
def test_what_is_missing_of_what_is_given_is_named(secrets: dict[str, str], more: dict[str, Any], refused: str) -> None:
    args = cluster_args(DOCKER.cluster, **({"security": {}} | more), security_secrets=secrets)
    problems = [one for one in refusals.cluster_problems(args)[0] if one.startswith("cluster.security_secrets")]
    assert bool(problems) == bool(refused)
    assert refused in "".join(problems)


def test_given_certificates_are_the_files_of_the_agents_and_nothing_is_generated() -> None:
    secrets = {"authority.crt": pulumi.Output.from_input("PEM"), **FILES, **CLIENT}

    def program() -> None:
        ConsulCluster("consul", cluster_args(DOCKER.cluster, security={}, security_secrets=secrets))

    seen = build(program)
    files = seen["consul-server-files"].inputs["files"]["value"]
    assert {name for name in files if name.startswith("security-server")} == {f"security-{name}" for name in FILES}
    assert seen["consul-server-certificates"].inputs["names"]["security-server-2"] == SERVER
    assert seen["consul-client-certificates"].inputs["names"] == {"security-client": ["127.0.0.1"]}


ISSUED = {"servers": "consul-server-tls", "clients": "consul-client-tls"}


def of_another_resource(secret: str) -> pulumi.Output[Any]:
    return Other(f"certificate-{secret}", {"secret": secret}).output("secret")


@pytest.mark.parametrize("made", [str, of_another_resource])
def test_secrets_of_a_controller_are_mounted_beside_the_other_files_and_watched(made: Callable[[str], Any]) -> None:
    def program() -> None:
        certificates = {tier: made(secret) for tier, secret in ISSUED.items()}
        settings = {**KUBERNETES.cluster["kubernetes"], "namespace": "shop", "certificates": certificates}
        ConsulCluster("consul", cluster_args({"kubernetes": settings}, security={}))

    seen = build(program)
    assert not {"consul-authority", "consul-trust", "consul-server-certificates"} & {one.name for one in seen.seen}
    assert seen["consul-issued"].inputs["names"] == {
        "consul-server-tls": ["server.dc1.consul"],
        "consul-client-tls": [],
    }
    for kind, secret in (("StatefulSet", "consul-server-tls"), ("Deployment", "consul-client-tls")):
        (found,) = [one for one in seen.seen if one.type.endswith(f":{kind}")]
        volumes = found.inputs["spec"]["template"]["spec"]["volumes"]
        (sources,) = [one["projected"]["sources"] for one in volumes if "projected" in one]
        assert [one["secret"]["name"] for one in sources][-1] == secret
    text = str([one.inputs.get("data") for one in seen.seen if one.type.endswith(":ConfigMap")])
    assert '"auto_reload_config": true' in text
    assert "/consul/secrets/tls.crt" in text


@pytest.mark.parametrize(
    ("settings", "more", "problem"),
    [
        ({"certificates": ISSUED}, {}, "certificates: needs an existing `namespace`"),
        (
            {"namespace": "shop", "certificates": {"servers": "a"}},
            {},
            "certificates.clients: required, since there are clients",
        ),
        (
            {"namespace": "shop", "certificates": ISSUED},
            {"security": {"enabled": False}},
            "platform.kubernetes.certificates: has no effect in an open cluster",
        ),
        (
            {"namespace": "shop", "certificates": ISSUED},
            {"security_secrets": {"authority.crt": "PEM", "authority.key": "PEM"}},
            "authority.crt: platform.kubernetes.certificates gives certificates too",
        ),
    ],
)
def test_secrets_that_cannot_be_used_are_refused(settings: dict[str, Any], more: dict[str, Any], problem: str) -> None:
    own = {key: value for key, value in KUBERNETES.cluster["kubernetes"].items() if key != "namespace"}
    args = cluster_args({"kubernetes": {**own, **settings}}, **({"security": {}} | more))
    assert problem in "".join(refusals.cluster_problems(args)[0])


def test_a_tier_alone_is_open_so_its_secrets_are_refused_with_every_other_problem() -> None:
    settings = {"kubernetes": {"namespace": "shop", "certificates": ISSUED}}
    with pytest.raises(pulumi.RunError) as caught:
        refusals.tier_args({"platform": settings, "replicas": 4}, ConsulServerArgs, "server", "alone")

    assert "server.platform.kubernetes.certificates: has no effect in an open cluster, leave it out" in str(
        caught.value
    )
    assert "server.replicas: expected" in str(caught.value)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The Secrets in the namespace."""
    found = {
        "consul-server-tls": {"tls.crt": PAIR[0], "tls.key": PAIR[1], "ca.crt": VAULT[0]},
        "consul-client-tls": {"tls.crt": CLIENTS[0], "tls.key": CLIENTS[1], "ca.crt": VAULT[0]},
    }
    monkeypatch.setattr(
        "consul_on_pulumi.platforms.kubernetes.operations.secret", lambda _, name, __: found.get(name, {})
    )
    return found


PROPS: dict[str, Any] = {
    "location": {"platform": "kubernetes", "namespace": "shop"},
    "names": {"consul-server-tls": ["server.dc1.consul"], "consul-client-tls": []},
}


def test_issued_certificates_are_read_and_a_renewal_is_no_change(secrets: dict[str, dict[str, str]]) -> None:
    provider = IssuedCertificatesProvider()
    assert list(provider.problems({}, PROPS)) == []
    outs = provider.create(PROPS).outs or {}
    assert outs["authority"] == VAULT[0]
    assert "PRIVATE" not in str(outs)

    secrets["consul-server-tls"]["tls.crt"], secrets["consul-server-tls"]["tls.key"] = x509.certificate(
        VAULT, SERVER, 90, NOW
    )
    assert provider.diff("id", outs, PROPS).changes is False
    for one in secrets.values():
        one["ca.crt"] = BOTH
    assert provider.diff("id", outs, PROPS).changes is True


def test_what_agents_could_not_use_of_a_secret_is_refused(
    secrets: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
    monkeypatch.setattr("consul_on_pulumi.security.issued.TIMEOUT", 0)
    provider = IssuedCertificatesProvider()
    secrets["consul-server-tls"]["tls.crt"], secrets["consul-server-tls"]["tls.key"] = ELSEWHERE
    (problem,) = provider.problems({}, PROPS)
    assert problem.startswith("platform.kubernetes.certificates: Secret consul-server-tls: its issuer CN=other is")
    del secrets["consul-server-tls"]["ca.crt"]
    (problem,) = provider.problems({}, PROPS)
    assert "expected ca.crt in the Secret consul-server-tls" in problem
    del secrets["consul-server-tls"]
    assert list(provider.problems({}, PROPS)) == []
    assert "consul-server-tls does not exist yet" in said[0]
    with pytest.raises(RefusedError, match=r"no Secret consul-server-tls in the namespace shop after 0 s"):
        provider.create(PROPS)


def test_nothing_is_read_while_a_preview_does_not_know_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consul_on_pulumi.platforms.kubernetes.operations.secret", lambda *_: 1 / 0)
    for more in ({"connection": object()}, {"location": {**PROPS["location"], "namespace": object()}}):
        assert list(IssuedCertificatesProvider().problems({}, {**PROPS, **more})) == []


def test_a_secret_that_was_not_renewed_in_time_is_told(
    secrets: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("consul_on_pulumi.providers.engine_log.warn", said.append)
    provider = IssuedCertificatesProvider()
    outs = provider.create(PROPS).outs or {}
    monkeypatch.setattr("consul_on_pulumi.security.expiry.now", lambda: NOW + timedelta(days=70))
    assert provider.diff("id", outs, PROPS).changes is False
    assert "the certificate in the Secret consul-server-tls ends on" in said[0]
    assert next(one.warning for one in provider.certificates(outs) if one.is_due) == said[0]
    assert secrets

"""A cluster with `security` on both platforms: what its agents get, and what nobody sees."""

import json
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.model import closed as security
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers.cluster_identity import ClusterIdentityProvider
from consul_on_pulumi.releases import closed_keys
from consul_on_pulumi.security import acl_rules
from consul_on_pulumi.settings import refusals

from tests.platform_cases import DOCKER, KUBERNETES, PlatformCase
from tests.recording import Build, build, cluster_args, document


def closed(platform: PlatformCase, **more: Any) -> Build:
    args = cluster_args(platform.cluster, security=more)
    return build(lambda: {"http": ConsulCluster("consul", args).http_addresses})


@pytest.mark.parametrize("more", [{}, {"dns": False}])
def test_an_open_cluster_has_none_of_it(platform: PlatformCase, more: dict[str, Any]) -> None:
    args = cluster_args(platform.cluster, security={"enabled": False, **more})
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})

    kinds = {one.type.rpartition(":")[2] for one in seen.seen}
    assert not kinds & {"Credentials", "Authority", "Certificates", "Access"}
    assert "security" not in seen["consul"].inputs


def test_every_agent_has_what_closes_it_without_a_setting(platform: PlatformCase) -> None:
    seen = closed(platform)

    for tier in ("consul-server", "consul-client"):
        resource = seen[f"{tier}-files"]
        assert resource.type.endswith(":LiveFiles")
        assert "security.json" in resource.inputs["files"]["value"]
    assert {f"consul-{name}" for name in ("credentials", "authority", "access", "trust", "retired")} <= {
        one.name for one in seen.seen
    }
    # What was replaced ends when every agent uses something else.
    assert {"consul-server-reloaded", "consul-client-reloaded"} <= seen["consul-retired"].depends_on


def test_nothing_in_consul_is_asked_for_before_the_tokens_exist(platform: PlatformCase) -> None:
    seen = closed(platform)

    for name in ("consul-autopilot", "consul-seeds"):
        assert "consul-access" in seen[name].depends_on
    assert platform.ready("consul-server", 3) <= seen["consul-access"].depends_on


def test_policies_are_looked_for_only_in_a_cluster_that_is_joined() -> None:
    args = cluster_args(DOCKER.cluster, join=["172.30.9.9"], security={})
    joined = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})

    assert joined["consul-access"].inputs["join"] is True
    assert "join" not in closed(DOCKER)["consul-access"].inputs


@pytest.mark.parametrize(("anonymous", "scheme", "port"), [("none", "https", 8501), ("read", "http", 8500)])
def test_a_published_port_speaks_https_unless_everyone_may_read(anonymous: str, scheme: str, port: int) -> None:
    seen = closed(DOCKER, anonymous=anonymous)
    container = seen["consul-server-0"].inputs

    assert {one["internal"] for one in container["ports"]} == {port, 8600}
    assert all(one.startswith(f"{scheme}://127.0.0.1:") for one in seen.outputs["http"])
    given = json.loads(container["command"][container["command"].index("-hcl") + 1])
    assert given["addresses"] == {"http": "127.0.0.1" if scheme == "https" else "0.0.0.0"}
    assert given["acl"]["default_policy"] == "deny"
    assert given["http_config"]["response_headers"]["X-Frame-Options"] == "DENY"
    assert container["ulimits"][0]["name"] == "nproc"
    assert container["memory"] == 1024


def test_bug_a_setting_of_tls_stands_beside_the_certificate_in_a_spelling_that_hcl_reads() -> None:
    config = {"tls": {"https": {"tls_min_version": "TLSv1_3"}}}
    args = cluster_args(DOCKER.cluster, security={}, agent_config=config)
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})

    found = document(seen["consul-server-0"])["tls"]
    assert found["https"] == [{"tls_min_version": "TLSv1_3"}]
    assert set(found["defaults"][0]) == {"cert_file", "key_file"}


def test_certificates_name_services_in_a_namespace_that_is_known_later() -> None:
    def program() -> None:
        kubernetes = {**KUBERNETES.cluster["kubernetes"], "namespace": pulumi.Output.from_input("later")}
        ConsulCluster("consul", cluster_args({"kubernetes": kubernetes}, security={"enabled": True}))

    names = build(program)["consul-server-certificates"].inputs["names"]["security-server-1"]
    assert names[0] == "server.dc1.consul"
    assert {"dev-http.later.svc", "dev-server-1.dev-server.later.svc.cluster.local", "localhost"} <= set(names)


def through(access: str, **security: Any) -> Any:
    """The arguments of a cluster that the program reaches by this URL."""
    return cluster_args({"kubernetes": {"namespace": "shop", "consul_access": access}}, security=security)


@pytest.mark.parametrize(
    ("access", "security", "refused"),
    [
        ("http://{pod}.consul.example.com:8500", {}, True),
        ("http://{pod}.consul.example.com:8500", {"enabled": True, "adoption": "speak"}, False),
        ("http://{pod}.consul.example.com:8500", {"enabled": False}, False),
        ("https://{pod}.consul.example.com:8501", {}, False),
        ("http://localhost:8001/api/v1/namespaces/shop/pods/https:{pod}:8501/proxy", {}, False),
        ("auto", {}, False),
    ],
)
def test_a_way_to_the_servers_by_plain_http_is_refused_where_it_is_closed(
    access: str, security: dict[str, Any], refused: bool
) -> None:
    problems = refusals.cluster_problems(through(access, **security))[0]
    assert [one for one in problems if "expected a URL with https in a closed cluster" in one] == problems
    assert bool(problems) is refused


def test_the_certificate_of_a_server_names_the_host_by_which_the_program_reaches_it() -> None:
    args = through("https://{pod}.consul.example.com:8501")
    names = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})["consul-server-certificates"].inputs[
        "names"
    ]
    assert "dev-server-1.consul.example.com" in names["security-server-1"]


def test_anonymous_reads_need_a_closed_cluster() -> None:
    with pytest.raises(pulumi.RunError, match=r"cluster\.security.anonymous: has no effect without `enabled: true`"):
        refusals.cluster_args(cluster_args(DOCKER.cluster, security={"enabled": False, "anonymous": "read"}))
    with pytest.raises(pulumi.RunError, match=r"cluster\.security.adoption: expected accept or speak"):
        refusals.cluster_args(cluster_args(DOCKER.cluster, security={"enabled": True, "adoption": "insist"}))


def adopted(before: str, after: str, agents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The problems of a change of the phase, where the agents are as told."""
    monkeypatch.setattr("consul_on_pulumi.platforms.docker.operations.phases", lambda *_: agents)
    monkeypatch.setattr("consul_on_pulumi.platforms.docker.operations.data", lambda *_: ["volume"])
    location = {"platform": "docker", "cluster": "dev"}
    old, new = (
        {"servers": 3, "location": location, "fixed": {"cluster.security.enabled": phase} if phase else {}}
        for phase in (before, after)
    )
    return list(ClusterIdentityProvider().problems(old, new))


@pytest.mark.parametrize(
    ("before", "after", "agents"),
    [
        ("", "accept", ("", "")),
        ("accept", "", ("accept", "")),
        ("accept", "speak", ("accept", "accept")),
        ("speak", "accept", ("speak", "accept")),
        ("speak", "insist", ("speak", "speak")),
        ("insist", "speak", ("insist", "speak")),
        ("insist", "insist", ("speak", "insist")),
    ],
)
def test_a_phase_follows_its_neighbour_in_both_directions(
    before: str, after: str, agents: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert adopted(before, after, {f"dev-server-{at}": one for at, one in enumerate(agents)}, monkeypatch) == []


@pytest.mark.parametrize(
    ("before", "after", "agents", "said"),
    [
        ("", "insist", ("", ""), "expected `adoption: accept` first|dev-server-0 (open), dev-server-1 (open) would"),
        ("", "insist", ("", ""), "or `enabled: false` to leave the cluster open"),
        ("", "speak", ("", ""), "expected `adoption: accept` first, got `adoption: speak`"),
        ("accept", "insist", ("accept", "speak"), "expected `adoption: speak` first|dev-server-0 (accept) would"),
        ("accept", "speak", ("accept", ""), "expected `adoption: accept` first|dev-server-1 (open) would"),
        ("speak", "", ("speak", "accept"), "expected `adoption: accept` first, got `enabled: false`|0 (speak) would"),
        ("insist", "", ("insist", "insist"), "the cluster is closed"),
        ("insist", "speak", ("insist", "insist"), "the cluster is closed"),
        ("insist", "", (), "the cluster is closed"),
    ],
)
def test_agents_that_would_not_understand_each_other_are_refused_by_name(
    before: str, after: str, agents: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (problem,) = adopted(before, after, {f"dev-server-{at}": one for at, one in enumerate(agents)}, monkeypatch)
    assert problem.startswith("cluster.security: expected ")
    assert [part for part in said.split("|") if part not in problem] == []


def test_an_open_cluster_of_an_engine_that_does_not_answer_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any) -> dict[str, str]:
        raise UnreachableError("no answer")

    monkeypatch.setattr("consul_on_pulumi.platforms.docker.operations.data", silent)
    monkeypatch.setattr("consul_on_pulumi.platforms.docker.operations.phases", silent)
    old, new = (
        {"servers": 3, "location": {"platform": "docker", "cluster": "dev"}, "fixed": fixed}
        for fixed in ({}, {"cluster.security.enabled": "accept"})
    )
    (problem,) = ClusterIdentityProvider().problems(old, new)
    assert "cannot read which step" in problem


@pytest.mark.parametrize("phase", ["accept", "speak"])
def test_until_the_last_phase_everybody_is_answered_as_before(platform: PlatformCase, phase: str) -> None:
    seen, before = (
        closed(platform, adoption=phase, anonymous="read"),
        build(lambda: {"http": ConsulCluster("consul", cluster_args(platform.cluster)).http_addresses}),
    )

    assert seen.outputs["http"] == before.outputs["http"]
    assert seen["consul-access"].inputs["anonymous_read"] is False
    # No client has a token that the servers do not know.
    assert any("consul-access" in one.depends_on for one in seen.seen if one.name.startswith("consul-client-"))


@pytest.mark.parametrize(
    ("phase", "sends", "outgoing", "incoming", "policy"),
    [
        ("accept", False, False, False, "allow"),
        ("speak", True, True, False, "allow"),
        ("insist", None, True, True, "deny"),
    ],
)
def test_each_phase_says_more(phase: str, sends: bool | None, outgoing: bool, incoming: bool, policy: str) -> None:
    document, tls = security.document(Role.SERVER, phase, plain_http=True), security.tls(phase)

    assert document["acl"]["default_policy"] == policy
    assert document.get("encrypt_verify_outgoing") is sends
    assert document.get("encrypt_verify_incoming") is (None if sends is None else False)
    assert tls["defaults"]["verify_outgoing"] is tls["internal_rpc"]["verify_server_hostname"] is outgoing
    assert tls["defaults"]["verify_incoming"] is incoming


def leaves(config: dict[str, Any], prefix: str = "") -> set[str]:
    return set().union(
        *(leaves(v, f"{prefix}{k}.") if isinstance(v, dict) else {f"{prefix}{k}"} for k, v in config.items())
    )


def test_what_closes_an_agent_is_known_to_be_set_already() -> None:
    tokens = dict.fromkeys(acl_rules.TOKENS, "x")
    sets: set[str] = set()
    for role in Role:
        sets |= leaves(security.document(role, plain_http=False) | security.certificate(role, 0))
        sets |= leaves(json.loads(security.secret_configuration(role, "x", tokens, {}, "insist", dns=True)))
    harmless = {"tls.defaults.tls_min_version"}
    assert {one for one in sets if not one.startswith(("ports.", "http_config."))} - harmless <= set(closed_keys.KEYS)


@pytest.mark.parametrize("key", closed_keys.KEYS)
def test_agent_configuration_and_secret_files_cannot_open_a_closed_cluster(key: str) -> None:
    config: Any = False
    for part in reversed(key.split(".")):
        config = {part: config}
    for settings in ({"client_config": config}, {"server_secrets": {"z.json": json.dumps(config)}}):
        with pytest.raises(pulumi.RunError, match=rf"{key}: `security` sets it"):
            refusals.cluster_args(cluster_args(DOCKER.cluster, security={}, **settings))


@pytest.mark.parametrize(
    ("config", "right"),
    [
        ({"domain": "corp"}, "consul"),
        ({"primary_datacenter": "other"}, "here"),
        ({"primary_datacenter": "dc1"}, "here"),
    ],
    ids=str,
)
def test_bug_a_closed_cluster_has_the_domain_of_its_certificates_and_its_own_tokens(
    config: dict[str, str], right: str
) -> None:
    (key,) = config
    refused = rf"{key}: expected {right} in a closed cluster, leave it out: "
    args = cluster_args(DOCKER.cluster, datacenter="here")

    for settings in ({"agent_config": config}, {"server_secrets": {"z.json": json.dumps(config)}}):
        with pytest.raises(pulumi.RunError, match=refused):
            refusals.cluster_args({**args, "security": {}, **settings})
        assert refusals.cluster_args({**args, "security": {"enabled": False}, **settings})


def test_a_domain_that_is_known_later_is_refused_in_a_closed_cluster() -> None:
    def program() -> None:
        config = {"domain": pulumi.Output.from_input("consul")}
        ConsulCluster("consul", cluster_args(DOCKER.cluster, security={}, agent_config=config))

    with pytest.raises(pulumi.RunError, match=r"agent_config\.domain: expected consul in a closed cluster"):
        build(program)


@pytest.mark.parametrize(
    "config", [{"domain": "consul"}, {"domain": "Consul."}, {"primary_datacenter": "here"}, {"alt_domain": "corp"}]
)
def test_what_says_the_same_as_the_certificates_is_accepted(config: dict[str, str]) -> None:
    args = cluster_args(DOCKER.cluster, datacenter="here", security={}, agent_config=config)

    assert refusals.cluster_args(args)


@pytest.mark.parametrize(
    "config", [{"tls": "later"}, {"tls": {"defaults": "later"}}, {"acl": "later"}, {"http_config": "later"}], ids=str
)
def test_an_output_cannot_take_the_place_of_a_map_that_closes_the_cluster(config: dict[str, Any]) -> None:
    def later(value: Any) -> Any:
        known = isinstance(value, dict)
        return {k: later(v) for k, v in value.items()} if known else pulumi.Output.from_input({})

    def program() -> None:
        ConsulCluster("consul", cluster_args(DOCKER.cluster, security={}, agent_config=later(config)))

    with pytest.raises(pulumi.RunError, match="expected a map that is known in a preview, since `security` sets keys"):
        build(program)

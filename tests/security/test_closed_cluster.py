"""A cluster with `security` on both platforms: what its agents get, and what nobody sees."""

import json
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.model.closed import certificate, document, secret_configuration
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.providers.cluster_identity import ClusterIdentityProvider
from consul_on_pulumi.releases import closed_keys
from consul_on_pulumi.security import acl_rules
from consul_on_pulumi.settings import refusals

from tests.platform_cases import DOCKER, KUBERNETES, PlatformCase
from tests.recording import Build, build, cluster_args


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
        resource = seen[f"{tier}-secrets"]
        assert resource.type.rpartition(":")[2] in ("SecretVolume", "Secret")
    assert {one.name for one in seen.seen if one.type.endswith((":Credentials", ":Authority", ":Access"))} == {
        "consul-credentials",
        "consul-authority",
        "consul-access",
    }


def test_nothing_in_consul_is_asked_for_before_the_tokens_exist(platform: PlatformCase) -> None:
    seen = closed(platform)

    for name in ("consul-autopilot", "consul-seeds"):
        assert "consul-access" in seen[name].depends_on
    assert platform.ready("consul-server", 3) <= seen["consul-access"].depends_on


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


def test_certificates_name_services_in_a_namespace_that_is_known_later() -> None:
    def program() -> None:
        kubernetes = {**KUBERNETES.cluster["kubernetes"], "namespace": pulumi.Output.from_input("later")}
        ConsulCluster("consul", cluster_args({"kubernetes": kubernetes}, security={"enabled": True}))

    names = build(program)["consul-server-certificates"].inputs["names"]["security-server-1"]
    assert names[0] == "server.dc1.consul"
    assert {"dev-http.later.svc", "dev-server-1.dev-server.later.svc.cluster.local", "localhost"} <= set(names)


def test_anonymous_reads_need_a_closed_cluster() -> None:
    with pytest.raises(pulumi.RunError, match=r"cluster\.security.anonymous: has no effect without `enabled: true`"):
        refusals.cluster_args(cluster_args(DOCKER.cluster, security={"enabled": False, "anonymous": "read"}))


@pytest.mark.parametrize(("before", "after"), [({}, {"cluster.security.enabled": "true"})])
def test_a_cluster_with_data_is_neither_closed_nor_opened(before: dict[str, str], after: dict[str, str]) -> None:
    for old, new in ((before, after), (after, before)):
        (problem,) = ClusterIdentityProvider().problems({"fixed": old, "servers": 3}, {"fixed": new, "servers": 3})
        assert problem.startswith("cluster.security.enabled: expected ")


def leaves(config: dict[str, Any], prefix: str = "") -> set[str]:
    return set().union(
        *(leaves(v, f"{prefix}{k}.") if isinstance(v, dict) else {f"{prefix}{k}"} for k, v in config.items())
    )


def test_what_closes_an_agent_is_known_to_be_set_already() -> None:
    tokens = dict.fromkeys(acl_rules.TOKENS, "x")
    sets: set[str] = set()
    for role in Role:
        sets |= leaves(document(role, plain_http=False) | certificate(role, 0))
        sets |= leaves(json.loads(secret_configuration(role, "x", tokens, dns=True)))
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

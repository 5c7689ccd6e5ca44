"""Whatever is only passed on may be an Output: of another resource, unknown in a preview, or secret."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from pulumi.runtime import rpc

from tests.platform_cases import PlatformCase
from tests.recording import Build, Other, build, cluster_args

SHARED = {"docker": "network", "kubernetes": "namespace"}
KEPT = {"docker": {"networksAdvanced"}, "kubernetes": {"metadata"}}
"""The inputs whose resources cannot go before the agents."""
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


def unknown() -> pulumi.Output[Any]:
    """What a resource that does not exist yet computes."""

    async def value(known: Any) -> Any:
        return known

    return pulumi.Output(set(), value(None), value(False))


def cluster(platform: PlatformCase, *, preview: bool = False, **more: Callable[[], Any]) -> Build:
    """A cluster with these settings, which are made in the program: an Output belongs to a run."""

    def program() -> dict[str, Any]:
        args = {name: make() for name, make in more.items()}
        return {"servers": ConsulCluster("consul", cluster_args(platform.cluster, **args)).servers}

    return build(program, preview=preview)


def refused(platform: PlatformCase, *, preview: bool = False, **more: Callable[[], Any]) -> list[str]:
    """Why these settings are refused."""
    with pytest.raises(pulumi.RunError) as error:
        cluster(platform, preview=preview, **more)
    return str(error.value).splitlines()[1:]


def test_house_row_5_the_value_of_another_resource_is_seeded(platform: PlatformCase) -> None:
    def program() -> dict[str, Any]:
        database = Other("rds", {"endpoint": "db.example.com", "port": 5432, "name": "shop"})
        seeds = {"db": {"host": database.output("endpoint"), "name": "shop"}}
        sets = {"app": {"prefix": "app/", "entries": {"port": database.output("port"), "tls": True}}}
        args = cluster_args(platform.cluster, seeds=seeds, seed_sets=sets)
        return {"servers": ConsulCluster("consul", args).servers}

    seen = build(program)

    assert seen["consul-seeds"].inputs["entries"] == {"db/host": "db.example.com", "db/name": "shop"}
    assert seen["consul-seeds-app"].inputs["entries"] == {"app/port": "5432", "app/tls": "true"}
    assert seen["consul-seeds"].input_from["entries"] == {"rds"}
    assert "secrets" not in seen["consul-seeds"].inputs
    assert seen["consul-seeds"].inputs["cluster_keys"] == "app/port\napp/tls\ndb/host\ndb/name"


def test_house_row_5_a_value_that_is_not_known_yet_is_unknown_in_a_preview(platform: PlatformCase) -> None:
    seen = cluster(platform, preview=True, seeds=lambda: {"db": unknown(), "motd": "hi"})

    entries = seen["consul-seeds"].inputs["entries"]
    assert entries.keys() == {"db", "motd"}
    assert isinstance(entries["db"], pulumi.output.Unknown)
    assert entries["motd"] == "hi"


def test_no_agent_is_replaced_because_another_resource_is(platform: PlatformCase) -> None:
    """The engine would delete all of them before it deletes that resource, and ask no gate."""

    def program() -> dict[str, Any]:
        other = Other("other", {"image": "hashicorp/consul:1.22.7", "name": "shop", "size": "1Gi"})
        network = Other("lan", {"name": "lan"}).output("name")
        text = other.output("name")
        settings = platform.tier[platform.name] | {SHARED[platform.name]: network}
        if platform.name == "kubernetes":
            size = other.output("size")
            settings |= {"labels": {"team": text}, "annotations": {"team": text}, "storage": {"size": size}}
        args: Any = {
            "name": "dev",
            "servers": 3,
            "clients": 2,
            "image": other.output("image"),
            "agent_config": {"node_meta": {"team": text}},
            "platform": {platform.name: settings},
        }
        return {"servers": ConsulCluster("consul", args).servers}

    seen = build(program)

    placed = [one for one in seen.seen if one.type.startswith(platform.package)]
    assert {key for one in placed for key, found in one.input_from.items() if "other" in found} == set()
    assert {key for one in placed for key, found in one.input_from.items() if "lan" in found} == KEPT[platform.name]
    agents = [one for one in placed if one.type.split(":")[-1] in ("Container", "StatefulSet", "Deployment")]
    assert len(agents) == {"docker": 5, "kubernetes": 2}[platform.name]
    assert all({"other", "lan"} <= one.depends_on for one in agents)


@pytest.mark.parametrize("preview", [False, True])
def test_house_row_5_a_secret_output_is_a_secret_seed(platform: PlatformCase, preview: bool) -> None:
    def sets() -> Any:
        return {"app": {"entries": {"password": pulumi.Output.secret("hush"), "user": pulumi.Output.from_input("me")}}}

    seen = cluster(platform, preview=preview, seeds=lambda: {"key": pulumi.Output.secret(42)}, seed_sets=sets)

    plain, app = seen["consul-seeds"].inputs, seen["consul-seeds-app"].inputs
    assert plain["secrets"] == SECRET | {"value": {"key": "42"}}
    assert plain["entries"] == {}
    assert app["secrets"] == SECRET | {"value": {"password": "hush"}}
    assert app["entries"] == {"user": "me"}
    assert "hush" not in str([one.inputs for one in seen.seen if one.type != seen["consul-seeds"].type])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": 1}, "has a map, whose keys have to be known in a preview: give each key an output of its own"),
        (["a"], "is a list, which one value cannot hold: write it as quoted text"),
        ("x" * 600_000, "has a value of 600000 bytes, at most 524288 fit"),
    ],
    ids=["map", "list", "large"],
)
@pytest.mark.parametrize("secret", [False, True])
def test_a_value_that_cannot_be_stored_is_refused_when_it_is_known(
    platform: PlatformCase, value: Any, problem: str, secret: bool
) -> None:
    make = pulumi.Output.secret if secret else pulumi.Output.from_input

    assert refused(platform, preview=True, seeds=lambda: {"db": {"host": make(value)}}) == [
        f"cluster.seeds: key 'db/host' {problem}"
    ]
    assert refused(platform, seed_sets=lambda: {"s": {"prefix": "p/", "entries": {"k": make(value)}}}) == [
        f"cluster.seed_sets.s.entries: key 'p/k' {problem}"
    ]


@pytest.mark.parametrize("of", ["agent_config", "server_config"])
def test_a_secret_value_that_is_too_large_is_refused_when_it_is_known(platform: PlatformCase, of: str) -> None:
    limits = {of: lambda: {"limits": {"kv_max_value_size": 10}}}
    found = refused(
        platform,
        preview=True,
        seed_sets=lambda: {"s": {"prefix": "p/", "secrets": {"k": pulumi.Output.secret("hush" * 10)}}},
        **limits,
    )

    assert found == ["cluster.seed_sets.s.secrets: key 'p/k' has a value of 40 bytes, at most 10 fit"]


def test_an_awaitable_is_seeded_like_an_output(platform: PlatformCase) -> None:
    seen = cluster(platform, seeds=lambda: {"db": asyncio.ensure_future(asyncio.sleep(0, "db.example.com"))})

    assert seen["consul-seeds"].inputs["entries"] == {"db": "db.example.com"}


DOCKER: dict[str, Any] = {"subnet": "172.30.0.0/24", "network": "lan", "memory_mib": 256}
KUBERNETES: dict[str, Any] = {
    "namespace": "lan",
    "storage": {"size": "5Gi", "storage_class": "fast"},
    "resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "2Gi"}},
    "ui": {
        "type": "LoadBalancer",
        "source_ranges": ["10.0.0.0/8"],
        "annotations": {"example.com/pool": "blue"},
        "ingress": {
            "host": "consul.example.com",
            "class_name": "nginx",
            "tls_secret": "tls",
            "annotations": {"example.com/auth": "on"},
        },
    },
    "tolerations": [{"key": "pool", "operator": "Equal", "value": "blue"}],
    "node_selector": {"pool": "blue"},
    "priority_class": "high",
    "image_pull_secrets": ["registry"],
    "network_policy": {"peers": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]},
    "labels": {"team": "shop"},
    "annotations": {"example.com/owner": "shop"},
}
PLAIN = {"retain_data", "type", "subnet", "network_policy", "enabled", "rotate"}
"""Settings and their parts that have to be known in a preview."""
NODE_PORT = {"namespace": "lan", "ui": {"type": "NodePort", "host": "node.example.com", "node_port": 30080}}
SECURITY = {"rotate": {"management_token": "2026-11"}, "certificate_days": 90}


def with_outputs(settings: Any, make: Callable[[Any], Any], name: str = "") -> Any:
    """These settings with an Output in every place where one may be."""
    if name in PLAIN - {"network_policy"}:
        return settings
    if isinstance(settings, dict):
        return {key: with_outputs(value, make, key) for key, value in settings.items()}
    if isinstance(settings, list):
        return [with_outputs(value, make) for value in settings]
    return make(settings)


def everything(
    platform: dict[str, Any], make: Callable[[Any], Any], security: dict[str, Any], *, preview: bool = False
) -> Build:
    def program() -> dict[str, Any]:
        made = {name: with_outputs(settings, make) for name, settings in platform.items()}
        config = {"telemetry": {"statsd_address": make("10.0.0.9:8125")}, "recursors": [make("10.0.0.8")]}
        more = {"image": make("hashicorp/consul:1.22.7"), "security": with_outputs(security, make)}
        cluster = ConsulCluster("consul", cluster_args(made, agent_config=config, **more))
        return {"ui": cluster.ui_urls, "dns": cluster.dns_addresses, "http": cluster.http_addresses}

    return build(program, preview=preview)


EVERY_INPUT = pytest.mark.parametrize(
    ("platform", "security"),
    [
        pytest.param(platform, security, id=f"{name}-{'closed' if security['enabled'] else 'open'}")
        for name, platform in {
            "docker": {"docker": DOCKER},
            "kubernetes": {"kubernetes": KUBERNETES},
            "node-port": {"kubernetes": NODE_PORT},
        }.items()
        for security in ({"enabled": False}, {"enabled": True, **SECURITY})
    ],
)


@EVERY_INPUT
def test_house_row_4_outputs_give_the_same_resources_as_plain_values(
    platform: dict[str, Any], security: dict[str, Any]
) -> None:
    """Apart from the name of the ConfigMap, which has a digest of its content where that is known, and from whether
    the network or the namespace must exist: the program itself may create it."""
    plain = everything(platform, lambda value: value, security)
    later = everything(platform, pulumi.Output.from_input, security)

    assert later.log == []
    assert plain.outputs == later.outputs

    def comparable(seen: Build) -> dict[str, Any]:
        return {one.name: without_digests(one.inputs) for one in seen.seen if one.type.split(":")[-1] != "ConfigMap"}

    assert comparable(later) == comparable(plain)
    documents = [[one.inputs["data"] for one in seen.of("ConfigMap")] for seen in (plain, later)]
    assert documents[0] == documents[1]


def without_digests(inputs: Any) -> Any:
    """Inputs without what may differ."""
    if isinstance(inputs, dict):
        return {
            key: without_digests(value)
            for key, value in inputs.items()
            if key not in ("spec_hash", "configMap", "consul-on-pulumi/spec-hash", "namespace_exists", "storage_class")
        }
    if isinstance(inputs, list):
        left_out = ("-node-meta=spec_hash", "existing/")
        return [without_digests(value) for value in inputs if not str(value).startswith(left_out)]
    return inputs


@EVERY_INPUT
def test_house_row_4_a_preview_accepts_outputs_that_are_not_known_yet(
    platform: dict[str, Any], security: dict[str, Any]
) -> None:
    seen = everything(platform, lambda _value: unknown(), security, preview=True)

    (warning,) = seen.log
    assert "image: it is not known yet, so settings and upgrades are not checked for it" in warning


def test_house_row_5_a_cluster_in_the_namespace_of_the_program() -> None:
    def program() -> dict[str, Any]:
        name = Other("shop", {"name": "lan"}).output("name")
        return {"ui": ConsulCluster("consul", cluster_args({"kubernetes": {"namespace": name}})).ui_urls}

    seen = build(program)

    (servers,) = seen.of("StatefulSet")
    assert servers.inputs["metadata"]["namespace"] == "lan"
    assert seen.outputs == {"ui": ["http://dev-ui.lan.svc/ui/"]}
    assert seen["consul-server-scale-down"].inputs["namespace_exists"] is False, "the program may create it"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("servers", "a whole number"),
        ("clients", "a whole number"),
        ("name", "text"),
        ("datacenter", "text"),
        ("seeds", "a map"),
        ("seed_sets.s.prefix", "text"),
        ("seed_sets.s.keep_edits", "true or false"),
        ("platform.docker.subnet", "text"),
        ("platform.docker.http_port", "a whole number"),
        ("platform.kubernetes.spread", "text"),
        ("platform.kubernetes.retain_data", "true or false"),
        ("agent_config", "a map"),
    ],
)
def test_house_row_4_what_the_shape_depends_on_has_to_be_known(path: str, kind: str) -> None:
    where = "kubernetes" if "kubernetes" in path else "docker"
    base: dict[str, Any] = {"platform": {where: {} if where == "kubernetes" else {"subnet": "172.30.0.0/24"}}}

    def program() -> None:
        args, keys = dict(base), path.split(".")
        inner: Any = args
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = pulumi.Output.from_input("x")
        if "seed_sets" in path:
            inner["entries"] = {"a": 1}
        ConsulCluster("consul", args)  # type: ignore[arg-type]

    with pytest.raises(pulumi.RunError) as error:
        build(program)

    assert str(error.value).splitlines()[1:] == [
        f"cluster.{path}: expected {kind} that is known in a preview, since the program itself decides by it, "
        "got an Output"
    ]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"namespace": "Shop"},
            "namespace: expected lower-case letters, digits and inner hyphens, at most 63 characters",
        ),
        ({"namespace": 5}, "namespace: expected text"),
        ({"labels": {"team": "a b"}}, "labels.team: expected at most 63 letters, digits and inner -_., as text"),
        ({"labels": {"team": 5}}, "labels.team: expected text"),
        ({"storage": {"size": "much"}}, "storage.size: expected a quantity such as 500m or 10Gi"),
        ({"resources": {"limits": {"cpu": "-1"}}}, "resources.limits.cpu: expected a quantity such as 500m or 10Gi"),
        ({"image_pull_secrets": ["A"]}, "image_pull_secrets[0]: expected lower-case letters"),
        ({"tolerations": [{"operator": "Equal"}]}, "tolerations[0].key: required with operator Equal"),
    ],
    ids=str,
)
@pytest.mark.parametrize("secret", [False, True])
def test_house_row_4_an_output_is_checked_when_it_is_known(
    settings: dict[str, Any], problem: str, secret: bool
) -> None:
    make = pulumi.Output.secret if secret else pulumi.Output.from_input

    def program() -> None:
        ConsulCluster("consul", cluster_args({"kubernetes": with_outputs(settings, make)}))

    with pytest.raises(pulumi.RunError) as error:
        build(program, preview=True)

    refusal = str(error.value).splitlines()[1]
    assert refusal.startswith(f"cluster.platform.kubernetes.{problem}")
    assert (", got " in refusal) == (not secret and "required" not in problem)


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (
            "consul",
            "cluster.image: expected an exact version or a digest such as hashicorp/consul:1.22.7, got 'consul'",
        ),
        ("hashicorp/consul:1.21.5", "cluster.image: Consul 1.21.5 cannot read keys that hold anything but letters"),
    ],
)
def test_house_row_4_the_release_of_an_image_is_checked_when_it_is_known(
    platform: PlatformCase, image: str, problem: str
) -> None:
    (refusal,) = refused(platform, preview=True, image=lambda: pulumi.Output.from_input(image))

    assert refusal.startswith(problem)


@pytest.mark.parametrize(
    "make", [str, pulumi.Output.from_input, pulumi.Output.secret], ids=["text", "output", "secret"]
)
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(
    platform: PlatformCase, make: Callable[[str], Any]
) -> None:
    assert refused(platform, preview=True, token=lambda: make("s3cret\nsecond line")) == [
        "cluster.token: expected one line of ASCII characters"
    ]


@pytest.mark.parametrize("known", [False, True])
def test_a_secret_in_agent_configuration_is_refused_also_before_it_is_known(
    platform: PlatformCase, known: bool
) -> None:
    def config() -> Any:
        value = pulumi.Output.secret("hush" if known else unknown())
        return {"telemetry": {"circonus_api_token": value}}

    assert refused(platform, preview=True, agent_config=config) == [
        "cluster.agent_config.telemetry.circonus_api_token: is secret, and would be readable by everyone who may "
        "inspect the container: write it into a file of `agent_secrets`, which is encrypted"
    ]


@pytest.mark.parametrize("known", [False, True])
def test_a_secret_address_to_join_is_refused_also_before_it_is_known(platform: PlatformCase, known: bool) -> None:
    def join() -> Any:
        return ["consul-1", pulumi.Output.secret("provider=aws secret_access_key=hush" if known else unknown())]

    assert refused(platform, preview=True, join=join) == [
        "cluster.join[1]: is secret, and would be readable by everyone who may inspect the container: give a name or "
        "an address without credentials, with `pulumi.Output.unsecret` if it is no secret"
    ]


@pytest.mark.parametrize(
    ("setting", "config", "problem"),
    [
        ("agent_config", {"log_level": 5}, "log_level: expected text, got 5"),
        ("server_config", {"recursors": ["10.0.0.9", 5]}, "recursors[1]: expected text, got 5"),
        ("client_config", {"log_level": None}, "log_level: expected a value, got None, leave the key out"),
        ("agent_config", {"addresses": {"http": "127.0.0.1"}}, "addresses.http: expected 0.0.0.0, got '127.0.0.1'"),
        ("server_config", {"node_meta": {"a": "x" * 1_100_000}}, "1100024 bytes, at most"),
    ],
    ids=["type", "list", "none", "access", "size"],
)
def test_agent_configuration_is_checked_when_it_is_known(
    platform: PlatformCase, setting: str, config: dict[str, Any], problem: str
) -> None:
    def make() -> Any:
        return with_outputs(config, pulumi.Output.from_input)

    (refusal,) = refused(platform, preview=True, **{setting: make})

    assert refusal.removeprefix(f"cluster.{setting}.").removeprefix(f"cluster.{setting}: ").startswith(problem)


def test_a_map_in_which_the_program_sets_keys_has_to_be_known(platform: PlatformCase) -> None:
    assert refused(platform, agent_config=lambda: {"limits": pulumi.Output.from_input({})}) == [
        "cluster.agent_config.limits: expected a map, since the program sets keys in it too, got an Output"
    ]


@pytest.mark.parametrize("enabled", [False, True])
def test_whether_clients_serve_the_ui_may_be_known_later(platform: PlatformCase, enabled: bool) -> None:
    def program() -> dict[str, Any]:
        config = {"ui_config": {"enabled": pulumi.Output.from_input(enabled)}}
        args = cluster_args(platform.cluster, client_config=config)
        return {"urls": ConsulCluster("consul", args).ui_urls}

    urls = build(program).outputs["urls"]

    assert (platform.client_ui("dev") in urls) is enabled

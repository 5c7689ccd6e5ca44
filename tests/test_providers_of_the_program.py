"""Rows 6, 7 and 12: everything follows the provider and the token that the program gives a cluster, and only there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker as docker_py
import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as kubernetes
import pytest
import requests
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.model.connection import Connection, connection_of
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.api import client, host, ssh
from consul_on_pulumi.platforms.docker.providers.ownership import OwnershipProvider
from consul_on_pulumi.platforms.kubernetes.api import kubeconfig
from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer
from consul_on_pulumi.platforms.kubernetes.api.kubeconfig import Cluster
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider
from consul_on_pulumi.providers.provider import ConsulProvider, Properties
from docker.errors import DockerException
from pulumi.dynamic import CreateResult
from pulumi.output import Unknown
from pulumi.runtime.config import set_all_config
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from tests.doubles.fake_consul import FakeConsul
from tests.doubles.fake_docker import FakeDocker
from tests.doubles.fake_kubernetes import FakeKubernetes
from tests.recording import SIGNATURE, Build, Other, build, cluster_args

DOCKER: Any = {"docker": {"subnet": "172.30.0.0/24"}}
FAR = "tcp://192.0.2.7:2376"
CONTENT = json.dumps(
    {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "far", "user": "me"}}],
        "clusters": [{"name": "far", "cluster": {"server": "https://192.0.2.7:6443"}}],
        "users": [{"name": "me", "user": {"token": "canary-token"}}],
    }
)


def far_engine() -> pulumi.ProviderResource:
    return docker.Provider("far", host=FAR, key_material="canary-key")


def far_cluster() -> kubernetes.Provider:
    return kubernetes.Provider("far", kubeconfig=CONTENT, context="here")


def inside_of_one_that_has(provider: pulumi.ProviderResource) -> pulumi.ResourceOptions:
    """In a component of the program, which is in another one that has the provider."""
    given = pulumi.ResourceOptions(providers=[provider])
    outer = pulumi.ComponentResource("test:index:Platform", "platform", None, given)
    inner = pulumi.ComponentResource("test:index:Services", "services", None, pulumi.ResourceOptions(parent=outer))
    return pulumi.ResourceOptions(parent=inner)


WAYS: dict[str, Callable[[pulumi.ProviderResource], pulumi.ResourceOptions]] = {
    "provider": lambda provider: pulumi.ResourceOptions(provider=provider),
    "providers": lambda provider: pulumi.ResourceOptions(providers=[provider]),
    "inherited": inside_of_one_that_has,
}


def connections(seen: Build) -> dict[str, Any]:
    """The connection of every resource of ours, by name; it is always secret."""
    found = {one.name: one.inputs.get("connection") for one in seen.seen if one.type.startswith("pulumi-python:")}
    assert all(is_rpc_secret(one) for one in found.values() if one is not None)
    return {name: unwrap_rpc_secret(one) for name, one in found.items()}


@pytest.mark.parametrize(
    ("platform", "provider", "expected"),
    [
        pytest.param(DOCKER, far_engine, {"docker": {"host": FAR, "key_material": "canary-key"}, "place": FAR}, id="7"),
        pytest.param(
            {"kubernetes": {}},
            far_cluster,
            {"kubernetes": {"kubeconfig": CONTENT, "context": "here"}, "place": "https://192.0.2.7:6443"},
            id="6",
        ),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_rows_6_and_7_every_resource_has_the_connection_of_the_provider(
    platform: Any, provider: Callable[[], pulumi.ProviderResource], expected: dict[str, Any], way: str
) -> None:
    def program() -> None:
        args = cluster_args(platform, seeds={"a": 1}, agent_secrets={"x.key": "y"})
        ConsulCluster("consul", args, WAYS[way](provider()))

    seen = build(program)
    found = connections(seen)

    package = "docker:" if "docker" in platform else "kubernetes:"
    assert {one.provider for one in seen.seen if one.type.startswith(package)} == {"far"}

    assert len(found) > 8
    assert {name: one for name, one in found.items() if one != {"cluster": "consul/dev", **expected}} == {}


@pytest.mark.parametrize("platform", [DOCKER, {"kubernetes": {}}], ids=["docker", "kubernetes"])
def test_without_a_provider_the_inputs_stay_as_they_are(platform: Any) -> None:
    def program() -> None:
        ConsulCluster("consul", cluster_args(platform))

    assert set(connections(build(program)).values()) == {None}


@pytest.mark.parametrize(
    ("platform", "key", "part"),
    [(DOCKER, "docker:host", "docker"), ({"kubernetes": {}}, "kubernetes:context", "kubernetes")],
)
def test_rows_6_and_7_the_configuration_of_default_providers_is_followed(platform: Any, key: str, part: str) -> None:
    def program() -> None:
        set_all_config({key: "far"})
        ConsulCluster("consul", cluster_args(platform))

    assert {one[part][key.partition(":")[2]] for one in connections(build(program)).values()} == {"far"}


def test_house_row_12_two_clusters_in_a_program_have_their_own_tokens_and_the_configuration_key_is_not_read() -> None:
    def program() -> None:
        set_all_config({"project:token": "of another service"})
        for name in ("a", "b"):
            ConsulCluster(name, {"platform": DOCKER, "name": name, "token": f"token-{name}"})
        ConsulCluster("c", {"platform": DOCKER, "name": "c"})

    found = connections(build(program))

    for name, one in found.items():
        cluster = name.partition("-")[0]
        assert (one or {}).get("token") == (None if cluster == "c" else f"token-{cluster}"), name
    assert "of another service" not in json.dumps(found)


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_a_provider_that_hides_where_it_is_is_refused_with_the_way_out(kind: str) -> None:
    platform = DOCKER if kind == "docker" else {"kubernetes": {}}

    def program() -> None:
        hidden = pulumi.ProviderResource(kind, "hidden", {})
        ConsulCluster("consul", cluster_args(platform), pulumi.ResourceOptions(providers=[hidden]))

    with pytest.raises(pulumi.RunError, match=rf"platform\.{kind}: expected a provider whose .* Pass a {kind}\.Provid"):
        build(program)


def test_row_7_a_gate_asks_the_engine_of_its_connection_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def connect(environment: dict[str, str], **_: object) -> FakeDocker:
        asked.append(environment["DOCKER_HOST"])
        return FakeDocker()

    monkeypatch.setattr(docker_py, "from_env", connect)
    connection: Connection = {"docker": {"host": "tcp://192.0.2.8:2375"}}
    olds = {"objects": [], "cluster": "dev", "connection": {"docker": {"host": "tcp://192.0.2.9:2375"}}}

    OwnershipProvider().update("id", olds, {**olds, "objects": ["container/dev-server-0"], "connection": connection})

    assert asked == ["tcp://192.0.2.8:2375"]


def test_a_preview_asks_nobody_while_the_provider_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(docker_py, "from_env", never)
    unknown: Connection = {"unknown": True}

    with pytest.raises(DockerException, match="not known before the update"), engine.connect(unknown):
        pass
    with pytest.raises(requests.ConnectionError, match="not known before the update"):
        kubeconfig.access(Cluster.of("_", unknown))


def test_another_credential_is_no_change_and_deletions_get_the_newest(consul: FakeConsul) -> None:
    def props(token: str, cluster: str = "a", **entries: str) -> dict[str, Any]:
        connection = {"cluster": cluster, "token": token}
        return {"addresses": consul.addresses, "entries": entries, "revision": 1, "connection": connection}

    provider = KvEntriesProvider()
    assert not provider.diff("id", props("old", a="1"), props("new", a="1")).changes
    consul.tokens.clear()

    provider.delete("id", props("old", a="1"))
    assert consul.tokens == {"new"}

    consul.tokens.clear()
    provider.delete("id", props("of b", "b", a="1"))
    assert consul.tokens == {"of b"}


def test_a_deletion_has_its_own_token_also_after_a_provider_with_another_one_called_itself() -> None:
    seen: list[Any] = []

    class Seeds(ConsulProvider):
        token = "seeds"

        def create(self, props: Properties) -> CreateResult:
            seen.append(connection_of(props).get("token"))
            return CreateResult("id", props)

    class Gates(ConsulProvider):
        def delete(self, _id: str, props: Properties) -> None:
            seen.append(connection_of(props).get("token"))

    props = {"a": 1, "connection": {"cluster": "nested", "token": "of the gates", "seeds": "of the seeds"}}
    # It calls `create`.
    Seeds().update("id", props, props)
    Gates().delete("id", props)

    assert seen == ["of the seeds", "of the gates"]


def test_a_new_resource_has_no_old_properties_but_the_connection() -> None:
    seen: list[Any] = []

    class Provider(ConsulProvider):
        def problems(self, olds: Properties, news: Properties) -> list[str]:
            seen.append((olds, news))
            return []

    connection = {"cluster": "new", "token": "t"}
    Provider().check({}, {"a": 1, "connection": connection})

    assert seen == [({}, {"a": 1, "connection": connection})]


@pytest.mark.parametrize("made", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize(
    "kubeconfig_of",
    [
        lambda maker: maker and maker.output("kubeconfig"),
        lambda maker: maker and pulumi.Output.secret(maker.output("kubeconfig")),
        lambda _maker: CONTENT,
    ],
    ids=["output", "secret", "content"],
)
def test_row_4_the_kubeconfig_of_a_resource_is_a_setting_and_stays_secret(
    kubeconfig_of: Callable[[Other | None], Any], made: bool
) -> None:
    def program() -> None:
        maker = Other("maker", {"kubeconfig": CONTENT if made else None, "context": "here"})
        settings = {"kubernetes": {"kubeconfig": kubeconfig_of(maker), "context": maker.output("context")}}
        ConsulCluster("consul", cluster_args(settings, seeds={"a": 1}))

    seen = build(program, preview=not made, exists=made)

    place = {"kubernetes": {"kubeconfig": CONTENT, "context": "here"}, "place": "https://192.0.2.7:6443"}
    known = made or kubeconfig_of(None) == CONTENT
    ours = [one.inputs["connection"] for one in seen.seen if one.type.startswith("pulumi-python:")]
    assert len(ours) > 8
    if known:
        assert all(one == {"cluster": "consul/dev", **place} for one in connections(seen).values())
    assert known or all(isinstance(one, Unknown) for one in ours)
    (provider,) = [one for one in seen.seen if one.type == "pulumi:providers:kubernetes"]
    assert {one.provider for one in seen.seen if one.type.startswith("kubernetes:")} == {provider.name}
    assert "kubeconfig" in provider.secret_inputs or not known
    shown = [
        (one.name, key)
        for one in seen.seen
        if one.name != "maker"
        for key, value in one.inputs.items()
        if "canary-token" in str(value) and SIGNATURE not in str(value)
    ]
    assert shown == []


@pytest.mark.parametrize("key", ["kubeconfig", "context"])
def test_an_output_that_turns_out_to_be_empty_does_not_mean_the_current_cluster(key: str) -> None:
    def program() -> None:
        ConsulCluster("consul", cluster_args({"kubernetes": {key: Other("maker", {"it": ""}).output("it")}}))

    with pytest.raises(pulumi.RunError, match=rf"cluster\.platform\.kubernetes\.{key}: expected a text"):
        build(program)


def test_row_6_the_cluster_of_a_kubeconfig_in_a_provider_is_asked_and_not_the_current_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "current").mkdir()
    (tmp_path / "far").mkdir()
    with FakeKubernetes() as current, FakeKubernetes() as far:
        current.is_the_current(monkeypatch, tmp_path / "current")
        connection: Connection = {"kubernetes": {"kubeconfig": far.kubeconfig(tmp_path / "far").read_text()}}

        ApiServer(Cluster.of("_", connection)).find("/api/v1/namespaces/dev/pods/dev-server-0")

        assert (len(current.asked), len(far.asked)) == (0, 1)


def test_a_provider_that_overrides_the_cluster_of_its_context_is_followed() -> None:
    document = json.loads(CONTENT)
    document["clusters"].append({"name": "other", "cluster": {"server": "https://192.0.2.9:6443"}})
    given = {"kubeconfig": json.dumps(document), "cluster": "other"}

    assert kubeconfig.access(Cluster.given(given)).host == "https://192.0.2.9:6443"


def test_certificates_of_a_provider_are_files_only_while_the_client_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def connect(environment: dict[str, str], **_: object) -> FakeDocker:
        seen.append(Path(environment["DOCKER_CERT_PATH"]))
        assert (seen[0] / "key.pem").read_text() == "key"
        assert seen[0].stat().st_mode & 0o077 == 0
        return FakeDocker()

    monkeypatch.setattr(client._TlsClient, "from_env", connect)
    with engine.connect({"docker": {"host": FAR, "cert_material": "cert", "key_material": "key"}}):
        pass

    assert not seen[0].exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ssh://me@machine", ["-l", "me", "--", "machine", "docker system dial-stdio"]),
        ("ssh://machine:22022/run/d.sock", ["-p", "22022", "--", "machine", "docker --host=unix:///run/d.sock system"]),
    ],
)
def test_ssh_is_called_as_the_docker_command_does(address: str, words: list[str]) -> None:
    found = ssh.command(address, ["-i", "key"])

    assert found[:3] == ["ssh", "-i", "key"]
    assert found[-len(words) : -1] == words[:-1]
    assert found[-1].startswith(words[-1])


def test_only_an_engine_behind_a_socket_publishes_ports_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    assert host.is_local({})
    assert not host.is_local({"docker": {"host": "tcp://127.0.0.1:2375"}})
    assert not host.is_local({"docker": {"host": "ssh://me@machine"}})

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import DiffRequest

from kubernetes_plugin import configuring, kubeconfig, values
from kubernetes_plugin.kubeconfig import KubeconfigError
from kubernetes_plugin.objects import UNKNOWN
from kubernetes_plugin.settings import Settings


def config(*contexts: str, current: str = "", **more: Any) -> dict[str, Any]:
    return {
        "current-context": current or contexts[0],
        "clusters": [{"name": f"c-{name}", "cluster": {"server": f"https://{name}"}} for name in contexts],
        "users": [],
        "contexts": [{"name": name, "context": {"cluster": f"c-{name}", "namespace": name}} for name in contexts],
    } | more


def write(path: Path, found: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return path


def server(found: Any) -> str:
    return str(kubeconfig.active_cluster(found)["server"])


def test_contents_and_a_path_are_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "one", config("a"))

    assert server(kubeconfig.load(Settings(kubeconfig=path.read_text()), {})) == "https://a"
    assert server(kubeconfig.load(Settings(kubeconfig=str(path)), {})) == "https://a"
    assert (
        server(
            kubeconfig.load(
                Settings(
                    kubeconfig="current-context: a\n"
                    + path.read_text()[0:0]
                    + "clusters: [{name: c, cluster: {server: 'https://y'}}]\n"
                    "contexts: [{name: a, context: {cluster: c}}]\n"
                ),
                {},
            )
        )
        == "https://y"
    )


def test_it_is_found_as_kubectl_finds_it(tmp_path: Path) -> None:
    first, second = write(tmp_path / "first", config("a")), write(tmp_path / "second", config("b"))
    write(tmp_path / ".kube" / "config", config("home"))
    env = {"HOME": str(tmp_path)}

    assert server(kubeconfig.load(Settings(), env)) == "https://home"
    both = env | {"KUBECONFIG": f"{first}:{second}:{tmp_path / 'none'}"}
    assert server(kubeconfig.load(Settings(), both)) == "https://a"
    assert server(kubeconfig.load(Settings(context="b"), both)) == "https://b"


def test_context_and_cluster_can_be_chosen_apart() -> None:
    text = json.dumps(config("a", "b"))
    found = kubeconfig.load(Settings(kubeconfig=text, context="a", cluster="c-b"), {})

    assert server(found) == "https://b"
    assert kubeconfig.namespace(found) == "a"


def test_a_context_without_a_namespace_means_default() -> None:
    assert kubeconfig.namespace(config("a") | {"contexts": [{"name": "a", "context": {"cluster": "c-a"}}]}) == "default"


def test_files_are_named_from_its_own_folder(tmp_path: Path) -> None:
    found = config("a", users=[{"name": "me", "user": {"client-key": "me.key", "tokenFile": "/abs"}}])
    loaded = kubeconfig.load(Settings(kubeconfig=str(write(tmp_path / "x", found))), {})

    assert loaded["users"][0]["user"] == {"client-key": f"{tmp_path}/me.key", "tokenFile": "/abs"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Settings(kubeconfig="/none"), "no kubeconfig at /none"),
        (Settings(kubeconfig="{"), "failed to parse"),
        (Settings(kubeconfig="a\nb\n"), "no YAML object"),
        (Settings(kubeconfig=json.dumps(config("a")), context="b"), "no context 'b'"),
        (Settings(kubeconfig="clusters: []\n"), "chooses no context"),
    ],
)
def test_what_is_wrong_with_it_is_said(given: Settings, why: str) -> None:
    with pytest.raises(KubeconfigError, match=why):
        kubeconfig.load(given, {})


def diff(old: dict[str, Any], new: dict[str, Any]) -> tuple[bool | None, list[str]]:
    def properties(given: dict[str, Any]) -> dict[str, PropertyValue]:
        return {key: values.property_value(value) for key, value in given.items()}

    said = configuring.diff_config(DiffRequest("urn", "id", properties(old), properties(new), []))
    return said.changes, said.replaces


A, B = json.dumps(config("a")), json.dumps(config("b"))
A_WITH_OTHER_USER = json.dumps(config("a", users=[{"name": "me", "user": {"token": "x"}}]))


@pytest.mark.parametrize(
    ("old", "new", "changes", "replaces"),
    [
        ({"kubeconfig": A}, {"kubeconfig": A}, False, []),
        ({"kubeconfig": A}, {"kubeconfig": A_WITH_OTHER_USER}, True, []),
        ({"kubeconfig": A}, {"kubeconfig": B}, True, ["kubeconfig"]),
        ({"kubeconfig": A}, {"kubeconfig": UNKNOWN}, True, ["kubeconfig"]),
        ({"kubeconfig": A}, {"kubeconfig": A, "namespace": "web"}, True, []),
        ({"kubeconfig": A}, {"kubeconfig": "/none"}, True, []),
        ({"kubeconfig": A, "clusterIdentifier": "x"}, {"kubeconfig": B, "clusterIdentifier": "x"}, True, []),
        (
            {"kubeconfig": A, "clusterIdentifier": "x"},
            {"kubeconfig": A, "clusterIdentifier": "y"},
            True,
            ["clusterIdentifier"],
        ),
    ],
)
def test_another_cluster_replaces_all_that_was_on_the_old_one(
    old: Any, new: Any, changes: bool, replaces: list[str]
) -> None:
    assert diff(old, new) == (changes, replaces)

"""A stack as the operator's commands find it: what a scripted `pulumi` command prints."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.fake_consul import FakeConsul
from tests.doubles.fake_kubernetes import FakeKubernetes

# Prints the file that is named after the first words, and fails where there is none, as for an unknown stack.
PULUMI = """#!/bin/sh
case "$*" in *--show-secrets*) secrets=-secrets ;; esac
cat "$(dirname "$0")/$1$2$secrets.json"
"""
PODS = [f"dev-server-{ordinal}" for ordinal in range(3)]
PROJECT, STACK = "shop", "dev"
"""Another project than this repository's, and below another program's component."""
URN = f"urn:pulumi:{STACK}::{PROJECT}::"
CLUSTER = "consul-on-pulumi:index:ConsulCluster"
SERVER = "consul-on-pulumi:index:ConsulServer"
DYNAMIC = "pulumi-python:dynamic/consul-on-pulumi:"
Stack = Callable[..., None]
Resource = dict[str, Any]


def cluster(name: str, servers: dict[str, str], kind: str = "kubernetes:apps/v1:StatefulSet") -> list[Resource]:
    """The resources of one cluster; `kind` runs its servers, which are node name to address."""
    above = f"{URN}acme:index:Platform::platform"
    top = f"{URN}acme:index:Platform${CLUSTER}::{name}"
    tier = f"{URN}acme:index:Platform${CLUSTER}${SERVER}::{name}-server"
    version = {"names": list(servers), "addresses": list(servers.values()), "cluster": name}
    group = version | ({} if kind.startswith("docker:") else {"cluster": "_", "stateful_set": f"{name}-server"})
    old = {"names": ["old"], "addresses": ["http://old:8500"]}
    return [
        {"urn": above, "type": "acme:index:Platform"},
        {"urn": top, "type": CLUSTER, "parent": above},
        {"urn": tier, "type": SERVER, "parent": top},
        {"urn": f"{tier}-run", "type": kind, "parent": tier, "inputs": {}},
        {"urn": f"{tier}-version", "type": f"{DYNAMIC}ConsulVersion", "parent": tier, "inputs": version},
        {"urn": f"{tier}-rollout", "type": f"{DYNAMIC}ServerRollout", "parent": tier, "inputs": group},
        # Still in the state after a failed update, and no longer true.
        {"urn": f"{tier}-old", "type": f"{DYNAMIC}Voters", "parent": tier, "inputs": old, "delete": True},
    ]


@pytest.fixture
def api_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, three: FakeConsul) -> Iterator[FakeKubernetes]:
    """An API server with a Consul server behind port 8500 of each pod."""
    with FakeKubernetes() as running:
        for pod, address in zip(PODS, three.addresses, strict=True):
            running.behind[pod, 8500] = int(address.rpartition(":")[2])
        running.is_the_current(monkeypatch, tmp_path)
        yield running


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Creates a stack for the `pulumi` on the path; without an argument it has one cluster of pods."""
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "pulumi").write_text(PULUMI)
    (commands / "pulumi").chmod(0o755)
    for name in ("cat", "dirname"):
        (commands / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(
        *,
        method: str = "",
        token: str | None = None,
        settings: dict[str, Any] | None = None,
        clusters: list[list[Resource]] | None = None,
    ) -> None:
        if clusters is None:
            clusters = [cluster("consul", {pod: f"http+kubernetes{method}://_/dev/{pod}:8500" for pod in PODS})]
        foreign = {"urn": f"{URN}docker:index/container:Container::db", "type": "docker:index/container:Container"}
        root = {"urn": f"{URN}pulumi:pulumi:Stack::{PROJECT}-{STACK}", "type": "pulumi:pulumi:Stack"}
        resources = [root, foreign, *(one for each in clusters for one in each)]
        entry = {"objectValue": settings} if settings else {"value": "eu"}
        plain: dict[str, Any] = {f"{PROJECT}:anything": {"secret": False} | entry}
        written: dict[str, Any] = {"stackexport": _state(resources, token and {"ciphertext": "v1:…"})}
        if token is not None:
            written["stackexport-secrets"] = _state(resources, {"plaintext": json.dumps({"token": token})})
        written["config--json"] = plain
        for name, content in written.items():
            (commands / f"{name}.json").write_text(json.dumps(content))
        (commands / "stack--show-name.json").write_text(f"{STACK}\n")

    return make


def _state(resources: list[Resource], connection: Any) -> dict[str, Any]:
    """The state, with a connection that is shown like this among the inputs of all resources that have servers."""
    shown = [
        one | {"inputs": one["inputs"] | {"connection": connection}} if connection and one.get("inputs") else one
        for one in resources
    ]
    return {"deployment": {"resources": shown}}

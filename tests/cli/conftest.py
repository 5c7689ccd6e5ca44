"""A stack whose servers are pods, as the operator's commands find it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul import credentials

from tests.doubles.fake_consul import FakeConsul
from tests.doubles.fake_kubernetes import FakeKubernetes

# Answers with the file that is called like its first two words, and fails without one, as for an unknown stack.
PULUMI = """#!/bin/sh
cat "$(dirname "$0")/$1$2.json"
"""
PODS = [f"dev-server-{ordinal}" for ordinal in range(3)]
Stack = Callable[..., None]


def state(addresses: list[str]) -> dict[str, Any]:
    """What `pulumi stack export` prints: what is asked for, and a resource that only waits to be deleted."""
    dynamic = "pulumi-python:dynamic/consul-on-pulumi"
    old = {"type": f"{dynamic}:Autopilot", "delete": True, "inputs": {"addresses": ["http://old:8500"]}}
    now = {"type": f"{dynamic}:Autopilot", "inputs": {"addresses": addresses}}
    roll = {"type": f"{dynamic}:ServerRollout", "inputs": {"addresses": addresses}}
    return {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, roll, old, now]}}


@pytest.fixture
def api_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, three: FakeConsul) -> Iterator[FakeKubernetes]:
    """Behind port 8500 of each pod a server; no other name leads there."""
    with FakeKubernetes() as running:
        for pod, address in zip(PODS, three.addresses, strict=True):
            running.behind[pod, 8500] = int(address.rpartition(":")[2])
        running.is_the_current(monkeypatch, tmp_path)
        yield running


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Makes a stack that a `pulumi` on the path knows; there is nothing else on the path but what a shell needs."""
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "pulumi").write_text(PULUMI)
    (commands / "pulumi").chmod(0o755)
    for name in ("cat", "dirname"):
        (commands / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(credentials, "_configured", {})

    def make(*, way: str = "", token: str | None = None, settings: dict[str, Any] | None = None) -> None:
        inside = {"servers": PODS, "http_addresses": [f"http://{pod}.dev-server.dev.svc:8500" for pod in PODS]}
        cluster = {"objectValue": {"name": "dev", "platform": {"kubernetes": {}}} | (settings or {})}
        secret = {} if token is None else {"consul-on-pulumi:token": {"value": token, "secret": True}}
        written = {
            "stackexport": state([f"http+kubernetes{way}://_/dev/{pod}:8500" for pod in PODS]),
            "stackoutput": inside,
            "configget": cluster,
            "config--json": secret,
        }
        for name, content in written.items():
            (commands / f"{name}.json").write_text(json.dumps(content))

    return make

"""What a stack says of its cluster: its outputs, its state and its settings."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from consul_on_pulumi.consul import credentials
from tools import places

PROJECT = "consul-on-pulumi"
Resource = dict[str, Any]
"""A resource as the state has it."""


def outputs(stack: str) -> dict[str, Any]:
    """The stack's outputs by name. Ends the program with one sentence when there are none."""
    asked = _pulumi("stack", "output", "--json", "--stack", stack)
    found: dict[str, Any] = json.loads(asked.stdout) if asked.returncode == 0 else {}
    if "http_addresses" not in found:
        _no_cluster(stack, asked.stderr)
    return found


def consul_access(stack: str) -> list[str]:
    """The addresses by which the program itself asks each server; outputs may be names that only resolve in pods.

    Ends the program with one sentence when there are none.
    """
    known = _of_type("Autopilot", stack)
    if not known:
        _no_cluster(stack, "")
    return [str(address) for address in known[0]["inputs"]["addresses"]]


def settings(stack: str) -> dict[str, Any]:
    """What the stack file says of the cluster, `name` included; little where there is no such file."""
    asked = _pulumi("config", "get", "--json", "cluster", "--stack", stack)
    found: dict[str, Any] = json.loads(asked.stdout).get("objectValue", {}) if asked.returncode == 0 else {}
    return {"name": f"consul-{stack}"} | found


def kubernetes_review(stack: str) -> bool:
    """Whether the agents of the stack are pods."""
    return bool(_of_type("ServerRollout", stack))


def authorize(stack: str) -> None:
    """Take the token of the stack's configuration, as the program does. Ends the program where it cannot be read."""
    asked = _pulumi("config", "--json", "--show-secrets", "--stack", stack)
    if asked.returncode:
        sys.exit(f"the configuration of the stack {stack} cannot be read: {asked.stderr.strip()}")
    if (token := json.loads(asked.stdout).get(f"{PROJECT}:{credentials.KEY}")) is not None:
        credentials.remember(str(token["value"]))


def folder(stack: str) -> Path:
    """Where what belongs to a stack is kept outside the work tree, made if need be, closed to other users."""
    found = places.state() / "snapshots" / stack
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def _of_type(kind: str, stack: str) -> list[Resource]:
    """The resources of one type of the program's own, without those that only wait to be deleted."""
    asked = _pulumi("stack", "export", "--stack", stack)
    if asked.returncode:
        _no_cluster(stack, asked.stderr)
    resources = json.loads(asked.stdout)["deployment"].get("resources") or []
    return [one for one in resources if one["type"].endswith(f"/{PROJECT}:{kind}") and not one.get("delete")]


def _no_cluster(stack: str, said: str) -> NoReturn:
    sys.exit(f"the stack {stack} has no cluster: run `make up STACK={stack}` first. {said}".strip())


def _pulumi(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["pulumi", *words], capture_output=True, text=True, check=False)

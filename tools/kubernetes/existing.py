"""The user's own cluster: what the current context of the user's kubeconfig leads to, if it answers."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain import search_path
from toolchain.kubernetes import layout, programs

WITHIN = 10.0


@dataclass(frozen=True)
class Context:
    """A context that answers."""

    name: str
    version: str


def find(env: Mapping[str, str] = os.environ) -> Context | None:
    """The current context, if it is the user's and answers; nothing is changed there."""
    own = own_environment(env)
    if not any(path.is_file() for path in files(own)):
        return None
    name = kubectl(own, "config", "current-context")
    answer = kubectl(own, "get", "--raw", "/version", "--request-timeout=5s") if name else None
    if not name or not answer:
        return None
    try:
        return Context(name, str(json.loads(answer)["gitVersion"]).lstrip("v"))
    except (ValueError, KeyError):
        return None


def own_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before ours exported its own kubeconfig."""
    return {name: value for name, value in env.items() if not is_ours(name, value)}


def is_ours(name: str, value: str) -> bool:
    """Whether a variable leads to our own cluster."""
    return name == "KUBECONFIG" and value == str(layout.kubeconfig())


def files(env: Mapping[str, str]) -> list[Path]:
    """The user's kubeconfig files, there or not."""
    named = env.get("KUBECONFIG")
    home = Path(env.get("HOME") or Path.home())
    return [Path(part) for part in named.split(os.pathsep) if part] if named else [home / ".kube" / "config"]


def kubectl(env: Mapping[str, str], *arguments: str) -> str | None:
    """What kubectl answers, the user's own if there is one; None if it fails or hangs."""
    command = search_path.installed("kubectl", env) or programs.kubernetes("kubectl")["kubectl"]
    try:
        done = subprocess.run(
            [command, *arguments],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

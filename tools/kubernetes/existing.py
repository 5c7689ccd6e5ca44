"""The user's own cluster: the current context of the user's kubeconfig, if its API server answers."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import places
from tools.found import Found, Origin
from tools.kubernetes import layout, programs

TOOL = "Kubernetes"
WITHIN = 10.0


def find(env: Mapping[str, str] = os.environ) -> Found | None:
    """The user's current context, if it answers. Nothing in that cluster is changed."""
    own = own_environment(env)
    if not any(path.is_file() for path in files(own)):
        return None
    name = _kubectl(own, "config", "current-context")
    answer = _kubectl(own, "get", "--raw", "/version", "--request-timeout=5s") if name else None
    try:
        version = str(json.loads(answer or "")["gitVersion"]).lstrip("v")
    except (ValueError, KeyError):
        return None
    return Found(TOOL, version, f"context {name}", Origin.INSTALLED)


def own_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without the KUBECONFIG that `eval "$(make -s env)"` exported."""
    ours = ("KUBECONFIG", str(layout.kubeconfig()))
    return {name: value for name, value in env.items() if (name, value) != ours}


def files(env: Mapping[str, str]) -> list[Path]:
    """The paths of the user's kubeconfig files, whether they exist or not."""
    named = env.get("KUBECONFIG")
    home = Path(env.get("HOME") or Path.home())
    return [Path(part) for part in named.split(os.pathsep) if part] if named else [home / ".kube" / "config"]


def _kubectl(env: dict[str, str], *arguments: str) -> str | None:
    """The output of the user's kubectl, or of ours if there is none. None if it fails or hangs."""
    command = places.installed("kubectl", env) or programs.kubernetes("kubectl")["kubectl"]
    try:
        done = subprocess.run(
            [command, *arguments], env=env, capture_output=True, text=True, timeout=WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

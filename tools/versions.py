"""The pinned versions, and how to compare versions."""

import os
import re
import subprocess
from pathlib import Path

PULUMI = "3.259.0"
PULUMI_MINIMUM = "3.216.0"
LANGUAGE_YAML = "1.25.0"
# The plugins that the Python SDKs in requirements.lock ask for.
DOCKER_PLUGIN = "5.2.0"
KUBERNETES_PLUGIN = "4.34.2"
# The only version of the Kubernetes provider on the Go module proxy: a commit between the releases 4.25 and 4.34.
KUBERNETES_PROVIDER = "4.0.0-20260115033456-f47bc2d6f199"
CONSUL = "1.22.7"
CONSUL_IMAGE = f"hashicorp/consul:{CONSUL}"
KUBERNETES = "1.34.2"
COREDNS = "1.14.7"
KUBE_ROUTER = "2.1.0"
NODE = "24.19.0"
ACT = "0.2.89"
ACTIONLINT = "1.7.12"
UV = "0.13.9"
GO_MINIMUM = "1.25.11"
PYTHON_MINIMUM = (3, 11)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``v3.216.0-dev`` gives (3, 216, 0)."""
    match = re.search(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def at_least(version: str, minimum: str) -> bool:
    """Whether a version is the minimum or newer."""
    return numbers(version) >= numbers(minimum)


def of(program: Path, *arguments: str) -> str:
    """What a program prints about its version."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    asked = subprocess.run([program, *arguments], capture_output=True, text=True, env=env, check=False)
    return asked.stdout.strip()

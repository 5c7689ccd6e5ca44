"""Kubeconfig files, written as JSON, which is YAML too."""

import base64
import json
import os
from pathlib import Path

from toolchain.kubernetes.certificates import Pair

NAME = "consul-on-pulumi"


def write(path: Path, server: str, authority: Path, client: Pair) -> Path:
    """Writes a file of one context that holds all it needs, for its owner alone."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": NAME, "cluster": {"server": server, "certificate-authority-data": encoded(authority)}},
        ],
        "users": [
            {
                "name": NAME,
                "user": {
                    "client-certificate-data": encoded(client.certificate),
                    "client-key-data": encoded(client.key),
                },
            }
        ],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(content, indent=1))
    os.replace(partial, path)
    return path


def encoded(path: Path) -> str:
    """A file as kubeconfig embeds it."""
    return base64.b64encode(path.read_bytes()).decode()

"""A real API server accepts every object and every field, under the restricted Pod Security Standard."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.manifests import manifests

pytestmark = pytest.mark.e2e

EVERYTHING = {
    "storage": {"size": "20Gi", "storage_class": "fast"},
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    "clients": "DaemonSet",
    "ui": {
        "type": "LoadBalancer",
        "source_ranges": ["10.0.0.0/8"],
        "annotations": {"example.com/internal": "true"},
        "ingress": {
            "host": "consul.example.com",
            "class_name": "nginx",
            "tls_secret": "ui-certificate",
            "annotations": {"example.com/proxy": "on"},
        },
    },
    "spread": "hard",
    "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
    "node_selector": {"disk": "ssd"},
    "image_pull_secrets": ["registry"],
    "network_policy": {"peers": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]},
    "labels": {"team": "platform"},
    "annotations": {"example.com/owner": "platform"},
}


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_an_api_server_accepts_every_object_under_the_restricted_standard(
    api_server: Path, settings: dict[str, Any]
) -> None:
    kubectl = Kubectl(api_server)
    objects = list(manifests(settings, "shop", agent_secrets={"gossip.json": "{}", "ca.pem": "not one"}))
    for one in objects:
        # The provider generates this name.
        one["metadata"].setdefault("name", "generated")
    namespaces = [one for one in objects if one["kind"] == "Namespace"]
    kubectl.apply(*namespaces)
    others = {"apiVersion": "v1", "kind": "List", "items": [one for one in objects if one["kind"] != "Namespace"]}

    done = subprocess.run(
        [*kubectl.command, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"],
        input=json.dumps(others),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # The API server warns about a workload whose pods violate the standard.
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(others["items"]) > 10

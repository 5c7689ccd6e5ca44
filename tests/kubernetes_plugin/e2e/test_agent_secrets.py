"""Secret files of agents on an API server: another content is another Secret, and so other pods; nothing is plain."""

import base64
import json
from typing import Any

import pulumi
import pytest

from components import ConsulClient, ConsulClientArgs
from tests.e2e_k8s.kubectl import Kubectl
from tests.kubernetes_plugin.e2e.kubelet import BEHAVIOUR, Kubelet
from tests.kubernetes_plugin.e2e.stack import Program, Stack

pytestmark = pytest.mark.e2e

FIRST, SECOND = "canary-first-7d20", "canary-second-7d20"


def clients(content: str) -> Program:
    def program() -> None:
        placement: Any = {"kubernetes": {"namespace": "default", "annotations": {BEHAVIOUR: "ready"}}}
        files: dict[str, pulumi.Input[str]] = {"gossip.json": json.dumps({"encrypt": content})}
        args: ConsulClientArgs = {"placement": placement, "cluster": "sealed", "agent_secrets": files}
        ConsulClient("tier", args)

    return program


def mounted(stack: Stack, kubectl: Kubectl) -> tuple[str, str]:
    """The Secret that the clients' pods name, and the definition that their agents tell."""
    spec = kubectl.get("deployment", "sealed-client")["spec"]["template"]["spec"]
    (name,) = [volume["secret"]["secretName"] for volume in spec["volumes"] if volume["name"] == "secrets"]
    (definition,) = [word for word in spec["containers"][0]["args"] if word.startswith("-node-meta=definition:")]
    assert definition in stack.as_stored(), "a definition is no secret"
    return name, definition


def test_another_content_rolls_the_pods_and_is_nowhere_in_clear(
    stack: Stack, kubectl: Kubectl, kubelet: Kubelet
) -> None:
    stack.preview(clients(FIRST), diff=True)
    everything = "".join(stack.log)
    stack.up(clients(FIRST), diff=True)
    everything += "".join(stack.log)
    first = mounted(stack, kubectl)
    assert "update" not in stack.preview(clients(FIRST))

    stack.preview(clients(SECOND), diff=True)
    everything += "".join(stack.log)
    stack.up(clients(SECOND), diff=True)
    everything += "".join(stack.log)
    second = mounted(stack, kubectl)

    assert first[0] != second[0]
    assert first[1] != second[1]
    assert ("update", "tier-deployment") in stack.changed()
    text = base64.b64decode(kubectl.get("secret", second[0])["data"]["gossip.json"]).decode()
    assert json.loads(text) == {"encrypt": SECOND}
    assert f"secret/{first[0]}" not in kubectl("get", "secrets", "-o", "name").split()
    everything += stack.as_stored()
    for content in (FIRST, SECOND):
        document = json.dumps({"encrypt": content})
        for text in (content, base64.b64encode(document.encode()).decode()):
            assert text not in everything

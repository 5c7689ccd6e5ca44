"""The first update of a closed cluster is killed, and the next one goes on with the same credentials."""

import os
import signal
import subprocess

import pytest

from tests.chaos.interrupted import converge
from tests.e2e import consul
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.probes import generated as owned

pytestmark = pytest.mark.e2e


def killed_while(cluster: Cluster, created: str) -> None:
    """Run `pulumi up`, and kill the engine with all its plugins while a resource is created."""
    running = subprocess.Popen(
        [
            "pulumi",
            "up",
            "--yes",
            "--skip-preview",
            "--non-interactive",
            "--color=never",
            "--stack",
            cluster.stack_name,
        ],
        cwd=cluster.work_dir,
        env={**os.environ, **cluster.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert running.stdout
    said = ""
    for line in running.stdout:
        said += line
        if f" {created} creating" in line:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            return
    raise AssertionError(f"{created} was not created: {said}")


def test_an_update_that_was_killed_while_the_tokens_are_written_loses_none(cluster: Factory) -> None:
    made = cluster("killed", servers=3, clients=1, seeds={"app": {"name": "web"}}, security={})
    killed_while(made, "consul-server-1")
    (before,) = owned.of(made)["Credentials"]
    converge_until_access(made)
    converge(made, "up")

    made.whole()
    (after,) = owned.of(made)["Credentials"]
    assert after["tokens"] == before["tokens"]
    assert after["gossip_key"] == before["gossip_key"]
    token = made.outputs["management_token"]
    assert token == before["tokens"]["management"]
    known = consul.call(made.servers[0], "/v1/acl/tokens", token=token).json()
    descriptions = [one["Description"] for one in known]
    # None twice: each of the generated ones, the anonymous one, and that of the management by the servers themselves.
    assert len(descriptions) == len(set(descriptions)) == len(before["tokens"]) + 1
    for secret in before["tokens"].values():
        assert consul.call(made.servers[0], "/v1/acl/token/self", token=secret).ok
    assert consul.text(made.agents[-1], "app/name") == "web"
    assert made.preview().keys() == {"same"}, made.changed()


def converge_until_access(cluster: Cluster) -> None:
    """Go on after the first kill, and be killed again while the policies and tokens are written."""
    cluster.cancel()
    cluster.refresh(clear_pending=True)
    killed_while(cluster, "consul-access")

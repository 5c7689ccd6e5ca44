"""A closed cluster on the real engine: who is answered, who is not, and where its secrets are."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from consul_on_pulumi.security import x509

from tests.e2e import consul
from tests.e2e.agents.test_operations import run, succeeded
from tests.e2e.agents.test_rolls import replaced, watched
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Factory
from tests.e2e.engine import docker, orphans
from tests.e2e.waiting import eventually
from tests.probes import generated as owned
from tests.probes.hiding import visible
from tools import places

pytestmark = pytest.mark.e2e

SECURITY = {"enabled": True, "anonymous": "read"}
SEEDS = {"app": {"name": "web"}, "motd": "closed"}
AGENTS = ["consul-server-0", "consul-server-1", "consul-server-2", "consul-client-0"]


@pytest.fixture(scope="module")
def shut(cluster_of_module: Factory) -> Cluster:
    made = cluster_of_module("shut", servers=3, clients=1, seeds=SEEDS, security=SECURITY)
    made.up()
    made.whole()
    return made


def generated(cluster: Cluster) -> list[str]:
    """What was generated and is secret."""
    return owned.secrets(owned.of(cluster))


def refused(request: Callable[[], object]) -> bool:
    """Whether Consul answers 403."""
    with pytest.raises(requests.HTTPError, match="403"):
        request()
    return True


@contextmanager
def intruder(cluster: Cluster, *arguments: str) -> Iterator[str]:
    """The name of a container in the network of the cluster with an agent that somebody else started."""
    name, first = f"{cluster.name}-intruder", f"{cluster.name}-server-0"
    image = docker("inspect", "--format", "{{.Config.Image}}", first)
    agent = ["agent", "-data-dir=/tmp/data", f"-retry-join={first}", "-retry-interval=1s", "-node=intruder"]
    docker("run", "--detach", "--name", name, "--network", cluster.name, image, *agent, *arguments)
    try:
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def test_everyone_may_read_as_the_tutorial_shows(shut: Cluster) -> None:
    for name in shut.containers:
        assert len(docker("exec", name, "consul", "members").splitlines()) == 5
        assert "encrypted = true" in docker("exec", name, "consul", "info")
        assert len(docker("exec", name, "consul", "operator", "raft", "list-peers").splitlines()) == 4
        assert docker("exec", name, "consul", "kv", "get", "app/name") == "web"
        assert '"key": "app/name"' in docker("exec", name, "consul", "kv", "export")
        assert "id=" in docker("exec", name, "consul", "members", "-detailed")
        assert "consul" in docker("exec", name, "consul", "catalog", "services")
    for base in shut.agents:
        assert len(consul.members(base)) == 4
        assert consul.ask(base, "/v1/status/leader")
        assert len(consul.ask(base, "/v1/status/peers")) == 3
        assert "consul" in consul.ask(base, "/v1/catalog/services")
        assert consul.text(base, "motd") == "closed"
    for base in shut.servers:
        assert "Consul" in consul.call(base, "/ui/").text
        assert len(consul.ask(base, "/v1/internal/ui/nodes")) == 4
    assert len(consul.lookup(shut.outputs["dns_addresses"][0], "consul.service.consul", tcp=False)) == 3


def test_the_variables_for_the_consul_command_have_the_management_token(shut: Cluster, tmp_path: Path) -> None:
    env = {**os.environ, **shut.env, "PYTHONPATH": str(places.ROOT / "components"), "XDG_STATE_HOME": str(tmp_path)}

    def printed(command: str) -> list[str]:
        words = [sys.executable, "-m", "consul_on_pulumi.cli.main", command, "--stack", shut.stack_name]
        done = subprocess.run(words, cwd=shut.work_dir, env=env, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    assert printed("token") == [shut.outputs["management_token"]]
    assert printed("ui")[0] == shut.outputs["ui_urls"][0]
    variables = dict(line.removeprefix("export ").split("=", 1) for line in printed("env"))
    base, token = variables["CONSUL_HTTP_ADDR"], {"X-Consul-Token": variables["CONSUL_HTTP_TOKEN"]}

    assert "BEGIN CERTIFICATE" in Path(variables["CONSUL_CACERT"]).read_text()
    assert refused(lambda: requests.put(f"{base}/v1/kv/by-hand", "1", timeout=10).raise_for_status())
    requests.put(f"{base}/v1/kv/by-hand", "1", headers=token, timeout=10).raise_for_status()
    requests.delete(f"{base}/v1/kv/by-hand", headers=token, timeout=10).raise_for_status()


def test_nobody_writes_without_a_token_and_the_management_token_may(shut: Cluster) -> None:
    for base in shut.agents:
        assert refused(lambda base=base: consul.put(base, "app/name", "stolen"))  # type: ignore[misc]
        assert refused(lambda base=base: consul.call(base, "/v1/kv/motd", "DELETE"))  # type: ignore[misc]
        assert refused(lambda base=base: consul.call(base, "/v1/agent/leave", "PUT"))  # type: ignore[misc]
    with pytest.raises(AssertionError, match="403"):
        docker("exec", shut.containers[0], "consul", "kv", "put", "app/name", "stolen")

    token = shut.outputs["management_token"]
    assert consul.call(shut.agents[-1], "/v1/kv/own/key", "PUT", "mine", token=token).json() is True
    assert consul.text(shut.agents[0], "own/key") == "mine"
    assert consul.text(shut.agents[0], "app/name") == "web"


def test_an_agent_without_the_key_does_not_join(shut: Cluster) -> None:
    with intruder(shut) as name:
        eventually("a refusal", lambda: docker("logs", name), lambda log: "Join cluster failed" in log)
        for base in shut.agents:
            assert "intruder" not in consul.members(base)


def test_a_change_rolls_one_agent_at_a_time_and_no_secret_is_shown(shut: Cluster) -> None:
    identity = shut.node_ids()
    # Another level in the configuration, another secret file, and a key that the policy of the seeds has to allow.
    shut.change(
        agent_config={"log_level": "WARN"},
        security={**SECURITY, "dns": False},
        seeds={**SEEDS, "later": {"key": "new"}},
    )
    shut.preview(diff=True)
    shown = [*shut.log]
    with watched(shut) as silences:
        shut.up()
    shown += shut.log

    assert replaced(shut) == AGENTS
    assert max(len(silent) for silent in silences) <= 1, silences
    shut.whole()
    assert shut.node_ids() == identity
    assert consul.keys(shut.agents[-1]) == ["app/name", "later/key", "motd", "own/key"]
    assert shut.preview().keys() == {"same"}, shut.changed()

    volumes = docker("volume", "ls", "--quiet", "--filter", f"label=consul.cluster={shut.name}").split()
    shown += [shut.everything_stored(), docker("volume", "inspect", *volumes)]
    for name in shut.containers:
        shown += [docker("inspect", name), docker("logs", name), docker("top", name), docker("exec", name, "env")]
    secrets = generated(shut)
    # The gossip key, the tokens, and the private keys of the authority, of 7 servers and of the clients.
    assert len(set(secrets)) == 1 + 7 + 1 + 7 + 1
    assert not visible(secrets, "".join(shown))


def test_an_agent_with_the_key_alone_is_answered_nothing(shut: Cluster) -> None:
    # By default it repeats a refused request for 7 seconds and more.
    impatient = 'performance { rpc_hold_timeout = "1s" }'
    with intruder(shut, f"-encrypt={generated(shut)[0]}", "-hcl", impatient) as name:
        eventually("a member", lambda: docker("logs", name), lambda log: "(LAN) joined" in log)
        with pytest.raises(AssertionError, match="Error"):
            docker("exec", name, "consul", "kv", "get", "app/name")


def test_an_end_that_is_near_is_told_by_a_preview_by_its_review_and_by_the_command(
    shut: Cluster, tmp_path: Path
) -> None:
    assert len(succeeded(run(shut, tmp_path, "certificates")).splitlines()) == 1 + 7 + 1
    begin = datetime.now(UTC) - timedelta(days=95)
    old, ends = x509.authority("old", 100, begin)[0], f"{begin + timedelta(days=100):%Y-%m-%d %H:%M} UTC"
    told = f"security: the authority ends on {ends}. `pulumi up` renews it"

    def aged(resources: list[dict[str, Any]]) -> None:
        (authority,) = (one for one in resources if one["type"].endswith(":Authority"))
        kept.append(authority["outputs"]["certificate"])
        authority["outputs"]["certificate"] = old if len(kept) == 1 else kept[0]

    kept: list[str] = []
    shut.rewrite(aged)
    try:
        shut.preview()
        reviewed = succeeded(run(shut, tmp_path, "review"))
        listed = run(shut, tmp_path, "certificates")
    finally:
        shut.rewrite(aged)
    assert told in "".join(shut.log)
    assert told in reviewed
    assert "Renews the authority." in reviewed
    assert (listed.returncode, listed.stderr) == (1, f"{told}\n")
    assert shut.preview().keys() == {"same"}, shut.changed()


def test_destroy_leaves_nothing_and_another_cluster_has_other_secrets(shut: Cluster) -> None:
    before = set(generated(shut))
    shut.destroy()
    assert orphans(shut.name) == {}

    shut.up()
    shut.whole()
    secrets = generated(shut)
    assert not before & set(secrets)
    assert not visible(secrets, "".join(shut.log))
    assert consul.keys(shut.agents[-1]) == ["app/name", "later/key", "motd"]
    assert refused(lambda: consul.put(shut.agents[0], "app/name", "stolen"))

"""A cluster of plain containers, as a Compose file makes one, is taken over while it is written to."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.chaos.load import Follower, Writer
from tests.e2e import consul, engine
from tests.e2e.conftest import Factory
from tests.e2e.engine import RUN, docker
from tests.e2e.lone_consul import IMAGE, certificates
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

SEEDS = {"app": {"name": "web", "there": "before"}}


class Plain:
    """Three servers in containers of somebody else, with volumes and a network of their own."""

    def __init__(self, name: str) -> None:
        self.network = f"consul-e2e-{RUN}-{name}"
        self.names = [f"{self.network}-{number}" for number in (1, 2, 3)]
        self.subnet = IPv4Network(engine.free_subnet())

    @property
    def rest(self) -> str:
        """A part of the network's subnet in which no container is."""
        return str(list(self.subnet.subnets())[1])

    def start(self, words: Sequence[str] = (), files: str = "") -> None:
        docker("network", "create", "--subnet", str(self.subnet), self.network)
        mount = ["--volume", f"{files}:/consul/config"] if files else []
        for name in self.names:
            agent = ["agent", "-server", "-bootstrap-expect=3", "-client=0.0.0.0", f"-node={name}", *words]
            agent += [f"-retry-join={other}" for other in self.names]
            places = ["--network", self.network, "--publish", "127.0.0.1::8500", "--volume", f"{name}:/consul/data"]
            docker("run", "--detach", "--name", name, *places, *mount, IMAGE, *agent)

    def base(self, name: str) -> str:
        return f"http://{docker('port', name, '8500/tcp').splitlines()[0]}"

    def leave(self, name: str, *words: str) -> None:
        """What a person does for each server."""
        docker("exec", *words, name, "consul", "leave")
        docker("stop", name)

    def started(self) -> list[str]:
        return [engine.inspect("container", name)["State"]["StartedAt"] for name in self.names]

    def remove(self) -> None:
        for name in self.names:
            docker("rm", "--force", name)
            docker("volume", "rm", "--force", name)
        for other in engine.inspect("network", self.network)["Containers"]:
            # Of a test that failed.
            docker("network", "disconnect", "--force", self.network, other)
        docker("network", "rm", self.network)


@contextmanager
def plain(name: str) -> Iterator[Plain]:
    made = Plain(name)
    try:
        yield made
    finally:
        made.remove()


def joining(old: Plain, **more: Any) -> dict[str, Any]:
    docker_settings = {"subnet": old.rest, "network": old.network}
    return {"join": old.names, "servers": 3, "platform": {"docker": docker_settings}, **more}


def raft_addresses(bases: dict[str, str]) -> dict[str, str]:
    """Base URL by Raft address of the servers with these base URLs by node name."""
    return {
        address: bases[name] for name, address in consul.voters(next(iter(bases.values()))).items() if name in bases
    }


def test_a_cluster_of_plain_containers_is_taken_over_without_a_restart_and_without_a_lost_write(
    cluster: Factory,
) -> None:
    with plain("shop") as old:
        old.start()
        bases = [old.base(name) for name in old.names]
        eventually("a leader", lambda: consul.leaders(bases), lambda found: len(found) == 1 and "" not in found)
        consul.put(bases[0], "app/there", "before")
        before = old.started()
        made = cluster("over", **joining(old, clients=1, seeds=SEEDS))

        made.preview()
        said = "".join(made.log)
        known = raft_addresses(dict(zip(old.names, bases, strict=True)))
        with Follower(lambda: known) as leader, Writer("load", leader.leader) as writer:
            made.up()
            joined = consul.voters(made.servers[0])
            known = known | raft_addresses(dict(zip(made.outputs["servers"], made.servers, strict=True)))
            same = old.started()
            for name in old.names:
                old.leave(name)
            made.change(join=None)
            rolled = made.up()
            made.whole()
        print(writer.report, rolled)

        assert "cluster.join: the servers become voters of a cluster that exists already" in said
        assert sorted(joined) == sorted([*old.names, *made.outputs["servers"]])
        assert same == before
        assert writer.report.lost(consul.everything(made.servers[0]).get) == []
        assert writer.report.gap < 3
        assert consul.text(made.servers[0], "app/name") == "web"
        assert not set(made.preview()) - {"same"}
        made.change(join=old.names)
        assert "cluster.join: expected to be set when the cluster is created" in made.refused("preview")
        made.destroy()
        assert engine.inspect("network", old.network)


def test_a_destroy_before_the_other_servers_have_left_leaves_them_their_quorum(cluster: Factory) -> None:
    with plain("back") as old:
        old.start()
        bases = [old.base(name) for name in old.names]
        eventually("a leader", lambda: consul.leaders(bases), lambda found: len(found) == 1 and "" not in found)
        made = cluster("guest", **joining(old))
        made.up()

        known = raft_addresses(dict(zip(old.names, bases, strict=True)))
        with Follower(lambda: known) as leader, Writer("load", leader.leader) as writer:
            made.change(server_config={"log_level": "WARN"})
            made.up()
            made.destroy()
        print(writer.report)

        assert sorted(consul.voters(bases[0])) == old.names
        assert writer.report.lost(consul.everything(bases[1]).get) == []
        assert writer.report.gap < 3


def test_a_closed_cluster_is_taken_over_with_its_own_key_authority_and_token(cluster: Factory, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    certificates(files)
    key, token = docker("run", "--rm", IMAGE, "keygen"), str(uuid4())
    own, place = "dc1-server-consul-0", "/consul/config"
    tls = {"ca_file": f"{place}/consul-agent-ca.pem", "verify_incoming": True, "verify_outgoing": True}
    tls |= {"cert_file": f"{place}/{own}.pem", "key_file": f"{place}/{own}-key.pem"}
    tokens = {"initial_management": token, "agent": token}
    configuration = {
        "encrypt": key,
        "tls": {"defaults": tls, "internal_rpc": {"verify_server_hostname": True}},
        "acl": {"enabled": True, "default_policy": "deny", "tokens": tokens},
    }
    (files / "agent.json").write_text(json.dumps(configuration))
    (files / "agent.json").chmod(0o644)
    with plain("shut") as old:
        old.start(files=str(files))
        bases = [old.base(name) for name in old.names]
        eventually("a leader", lambda: consul.leaders(bases), lambda found: len(found) == 1 and "" not in found)
        eventually("a token", lambda: consul.call(bases[0], "/v1/kv/app/there", "PUT", "before", token=token), bool)
        made = cluster("closed", **joining(old, clients=1, seeds=SEEDS, security={}))
        given = {"authority.crt": "consul-agent-ca.pem", "authority.key": "consul-agent-ca-key.pem"}
        for name, file in given.items():
            made.secret(f'security_secrets["{name}"]', (files / file).read_text())
        made.secret('security_secrets["gossip.key"]', key)
        made.secret('security_secrets["management.token"]', token)

        made.up()
        joined = consul.voters(made.servers[0])
        for name in old.names:
            old.leave(name, "--env", f"CONSUL_HTTP_TOKEN={token}")
        made.change(join=None)
        made.up()
        made.whole()

        assert sorted(joined) == sorted([*old.names, *made.outputs["servers"]])
        assert consul.everything(made.servers[0]) == {"app/there": "before", "app/name": "web"}
        assert made.outputs["management_token"] == token
        assert not set(made.preview()) - {"same"}

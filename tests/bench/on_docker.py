"""One cluster on Docker, made in three ways: by this program, by a plain Pulumi program, and by a shell script."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consul_on_pulumi.consul.api import Consul, leader_now
from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.docker.platform import DockerPlatform
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.bench.project import STACK, Project, ours, plain
from tests.e2e import engine
from tests.e2e.waiting import eventually

NAME = f"consul-{STACK}"
HTTP, DNS = 16500, 16600
BY_HAND = Path(__file__).with_name("by_hand.sh")
ADDED = 20
"""Clients that the change adds."""
Operation = Callable[[], object]
OURS, PLAIN, SHELL = "this program", "plain Pulumi program", "shell script"


@dataclass(frozen=True)
class Way:
    """One way to make the cluster; operations by their names, in the order in which they can run."""

    name: str
    operations: Mapping[str, Operation]
    forget: Operation
    """Forget what was made, after everything was removed."""


def ways(folder: Path, dev: Mapping[str, Any], clients: int) -> list[Way]:
    """All three ways to make `dev` with so many clients. Each needs the same names, so one after the other."""
    subnet = engine.free_subnet()
    docker = {"subnet": subnet, "http_port": HTTP, "dns_port": DNS}
    settings = {**dev, "name": NAME, "clients": clients, "platform": {"docker": docker}}
    topology = Topology(cluster=NAME, datacenter=dev["datacenter"], servers=dev["servers"], clients=clients)
    traits = DockerPlatform(settings["platform"]["docker"]).traits()
    documents = {role.value: agent.document(topology, role, traits, {}) for role in (Role.SERVER, Role.CLIENT)}
    shape = {"name": NAME, "subnet": subnet.rpartition(".")[0], "image": DEFAULT_IMAGE, "http": HTTP, "dns": DNS}
    return [
        _ours(folder / f"ours-{clients}", settings),
        _plain(folder / f"plain-{clients}", shape | {"servers": dev["servers"], "clients": clients} | documents),
        _by_hand(shape, dev["servers"], clients, documents),
    ]


def _changing(project: Project, key: str, settings: dict[str, Any]) -> Callable[..., None]:
    """Runs an update with other settings."""

    def change(**more: Any) -> None:
        project.change({key: settings | more})
        project.up_without_preview()

    return change


def _ours(folder: Path, settings: dict[str, Any]) -> Way:
    project, wanted = ours(folder, settings), kv_tree.entries(settings["seeds"])
    change = _changing(project, "consul-on-pulumi:cluster", settings)

    def up() -> None:
        project.up_without_preview()
        present = Consul([f"http://127.0.0.1:{HTTP}"], {}).keys_below("")
        assert {key: stored.seed.text for key, stored in present.items()} == wanted

    return Way(
        OURS,
        {
            "up": up,
            "preview": project.preview,
            "up without a change": project.up_without_preview,
            f"{ADDED} clients more": lambda: change(clients=settings["clients"] + ADDED),
            "roll": lambda: change(clients=settings["clients"] + ADDED, server_config={"log_level": "WARN"}),
            "destroy": project.destroy,
        },
        project.forget,
    )


def _plain(folder: Path, shape: dict[str, Any]) -> Way:
    project = plain(folder, {"plain:cluster": shape})
    change = _changing(project, "plain:cluster", shape)

    def up() -> None:
        project.up_without_preview()
        eventually("a leader", lambda: leader_now([f"http://127.0.0.1:{HTTP}"], {}, 1), bool, within=60)

    return Way(
        PLAIN,
        {
            "up": up,
            "preview": project.preview,
            "up without a change": project.up_without_preview,
            f"{ADDED} clients more": lambda: change(clients=shape["clients"] + ADDED),
            "destroy": project.destroy,
        },
        project.forget,
    )


def _by_hand(shape: dict[str, Any], servers: int, clients: int, documents: dict[str, Any]) -> Way:
    sizes = {"SERVERS": str(servers), "CLIENTS": str(clients)}
    spelled = {key.upper(): str(value) for key, value in shape.items()}
    env = os.environ | spelled | sizes | {role.upper(): json.dumps(found) for role, found in documents.items()}

    def script(*words: object) -> Operation:
        return lambda: subprocess.run([BY_HAND, *map(str, words)], env=env, check=True)

    add = script("add", clients, clients + ADDED - 1)
    return Way(SHELL, {"up": script("up"), f"{ADDED} clients more": add, "destroy": script("destroy")}, lambda: None)

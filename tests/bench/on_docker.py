"""One cluster on Docker, made in three ways: by this program, by a plain Pulumi program, and by a shell script."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from consul_on_pulumi.consul.api import Consul, leader_now
from consul_on_pulumi.model import agent, kv_tree
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.docker.platform import DockerPlatform
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.bench.project import STACK, Project, ours, plain
from tests.bench.ways import (
    ADDED,
    CHANGE,
    CHANGED,
    DESTROY,
    MORE,
    NO_OP,
    OURS,
    PLAIN,
    PREVIEW,
    ROLL,
    SHELL,
    UP,
    Operation,
    Way,
)
from tests.e2e import engine
from tests.e2e.waiting import eventually

NAME = f"consul-{STACK}"
HTTP, DNS = 16500, 16600
BY_HAND = Path(__file__).with_name("by_hand.sh")


def ways(folder: Path, dev: Mapping[str, Any], clients: int) -> list[Way]:
    """All three ways to make `dev` with so many clients. Each needs the same names, so one after the other."""
    subnet = engine.free_subnet()
    docker = {"subnet": subnet, "http_port": HTTP, "dns_port": DNS}
    settings = {**dev, "name": NAME, "clients": clients, "platform": {"docker": docker}}
    topology = Topology(cluster=NAME, datacenter=dev["datacenter"], servers=dev["servers"], clients=clients)
    traits = DockerPlatform(settings["platform"]["docker"]).traits()
    documents = {role.value: agent.document(topology, role, traits, {}) for role in (Role.SERVER, Role.CLIENT)}
    shape = {"name": NAME, "subnet": subnet.rpartition(".")[0], "image": DEFAULT_IMAGE, "http": HTTP, "dns": DNS}
    sizes = {"servers": dev["servers"], "clients": clients}
    return [
        _ours(folder / f"ours-{clients}", settings),
        _plain(folder / f"plain-{clients}", shape | sizes | documents),
        _by_hand(shape | sizes, documents),
    ]


def _of_a_program(
    name: str, project: Project, up: Operation, change: Callable[..., None], *, clients: int, changed: Mapping[str, Any]
) -> Way:
    """A Pulumi program; `change` updates it with other settings, and `changed` are those of CHANGE and ROLL."""
    other_clients, other_servers = changed[CHANGE], changed[ROLL]
    return Way(
        name,
        {
            UP: up,
            PREVIEW: project.preview,
            NO_OP: project.up_without_preview,
            CHANGE: lambda: change(**other_clients),
            MORE: lambda: change(clients=clients + ADDED, **other_clients),
            ROLL: lambda: change(clients=clients + ADDED, **other_clients, **other_servers),
            DESTROY: project.destroy,
        },
        project.forget,
    )


def _changing(project: Project, key: str, settings: dict[str, Any]) -> Callable[..., None]:
    """Runs an update with other settings."""

    def change(**more: Any) -> None:
        project.change({key: settings | more})
        project.up_without_preview()

    return change


def _ours(folder: Path, settings: dict[str, Any]) -> Way:
    project, wanted = ours(folder, settings), kv_tree.entries(settings["seeds"])

    def up() -> None:
        project.up_without_preview()
        present = Consul([f"http://127.0.0.1:{HTTP}"], {}).keys_below("")
        assert {key: stored.seed.text for key, stored in present.items()} == wanted

    change = _changing(project, "consul-on-pulumi:cluster", settings)
    changed = {CHANGE: {"client_config": CHANGED}, ROLL: {"server_config": CHANGED}}
    return _of_a_program(OURS, project, up, change, clients=settings["clients"], changed=changed)


def _plain(folder: Path, shape: dict[str, Any]) -> Way:
    project = plain(folder, {"plain:cluster": shape})

    def has_leader() -> None:
        eventually("a leader", lambda: leader_now([f"http://127.0.0.1:{HTTP}"], {}, 1), bool, within=60)

    def up() -> None:
        project.up_without_preview()
        has_leader()

    update = _changing(project, "plain:cluster", shape)

    def change(**more: Any) -> None:
        update(**more)
        has_leader()

    changed = {CHANGE: {"client": shape["client"] | CHANGED}, ROLL: {"server": shape["server"] | CHANGED}}
    return _of_a_program(PLAIN, project, up, change, clients=shape["clients"], changed=changed)


def _by_hand(shape: dict[str, Any], documents: dict[str, Any]) -> Way:
    first = {key.upper(): str(value) for key, value in shape.items()}
    first |= {role.upper(): json.dumps(document) for role, document in documents.items()}
    changed = first | {role.upper(): json.dumps(document | CHANGED) for role, document in documents.items()}
    clients = shape["clients"]

    def script(env: Mapping[str, str], *words: object) -> Operation:
        return lambda: subprocess.run([BY_HAND, *map(str, words)], env=os.environ | env, check=True)

    return Way(
        SHELL,
        {
            UP: script(first, "up"),
            CHANGE: script(changed, "change", 0, clients - 1),
            MORE: script(changed, "add", clients, clients + ADDED - 1),
            ROLL: script(changed, "roll"),
            DESTROY: script(first, "destroy"),
        },
        lambda: None,
    )

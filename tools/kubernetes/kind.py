"""A cluster made by kind, where kind is installed."""

import json
import subprocess
import tempfile
from pathlib import Path

from toolchain import consul_image, docker_api, docker_engine, progress, search_path, versions
from toolchain.kubernetes import layout


def command() -> Path | None:
    """The kind that the user installed."""
    return search_path.installed("kind")


def up(kind: Path, nodes: int) -> None:
    """Makes the cluster unless it is there, with Consul's image if Docker has it."""
    docker_engine.setup()
    layout.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    if layout.NAME in clusters(kind):
        export = [str(kind), "export", "kubeconfig", "--name", layout.NAME, "--kubeconfig", str(layout.kubeconfig())]
        progress.run(export, doing="reading the kubeconfig of kind's cluster", usually="1 s")
        return
    roles = [{"role": "control-plane"}, *([{"role": "worker"}] * nodes if nodes > 1 else [])]
    settings = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": roles}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(settings, file)
        file.flush()
        create = [str(kind), "create", "cluster", "--name", layout.NAME, "--wait", "120s", "--config", file.name]
        progress.run(
            [*create, "--kubeconfig", str(layout.kubeconfig())],
            doing="making a cluster by kind",
            usually="60 s",
            timeout=600,
            advice="it is made of plain processes instead",
        )
    if consul_image.find().present:
        load = [str(kind), "load", "docker-image", versions.CONSUL_IMAGE, "--name", layout.NAME]
        progress.run(load, doing=f"loading {versions.CONSUL_IMAGE}", usually="10 s")


def down() -> bool:
    """Removes the cluster; says whether there was one."""
    kind = command()
    if kind is None or layout.NAME not in clusters(kind):
        return False
    delete = [str(kind), "delete", "cluster", "--name", layout.NAME, "--kubeconfig", str(layout.kubeconfig())]
    progress.run(delete, doing="removing kind's cluster", usually="5 s")
    layout.kubeconfig().unlink(missing_ok=True)
    return True


def clusters(kind: Path) -> list[str]:
    """The names of all of kind's clusters."""
    listed = subprocess.run([kind, "get", "clusters"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def running() -> bool:
    """Whether the cluster's first node runs; asks Docker, since kind takes its time."""
    if command() is None or not layout.kubeconfig().exists():
        return False
    node = docker_api.get(f"/containers/{layout.NAME}-control-plane/json")
    return bool(node and node["State"]["Running"])

"""A cluster of kind, if kind is installed."""

import json
import subprocess
from pathlib import Path

from tools import places, progress, versions
from tools.docker import engine, image
from tools.kubernetes import layout


def up(kind: Path, nodes: int) -> None:
    """Makes the cluster unless it exists, and loads the Consul image if Docker has it."""
    engine.setup()
    layout.folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    if layout.NAME in clusters(kind):
        export = [str(kind), "export", "kubeconfig", "--name", layout.NAME, "--kubeconfig", str(layout.kubeconfig())]
        progress.run(export, doing="reading the kubeconfig of kind's cluster", usually="1 s")
        return
    roles = [{"role": "control-plane"}, *([{"role": "worker"}] * nodes if nodes > 1 else [])]
    settings = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": roles}
    config = layout.folder() / "kind.json"
    config.write_text(json.dumps(settings))
    create = [str(kind), "create", "cluster", "--name", layout.NAME, "--wait", "120s", "--config", str(config)]
    progress.run(
        [*create, "--kubeconfig", str(layout.kubeconfig())],
        doing="making a cluster with kind",
        usually="60 s",
        timeout=600,
        advice="plain processes are used instead",
    )
    if image.find().present:
        load = [str(kind), "load", "docker-image", versions.CONSUL_IMAGE, "--name", layout.NAME]
        progress.run(load, doing=f"loading {versions.CONSUL_IMAGE}", usually="10 s")


def down() -> bool:
    """Removes the cluster. Returns whether there was one."""
    kind = places.installed("kind")
    if kind is None or layout.NAME not in clusters(kind):
        return False
    delete = [str(kind), "delete", "cluster", "--name", layout.NAME, "--kubeconfig", str(layout.kubeconfig())]
    progress.run(delete, doing="removing kind's cluster", usually="5 s")
    layout.kubeconfig().unlink(missing_ok=True)
    return True


def clusters(kind: Path) -> list[str]:
    """The names of all clusters of kind."""
    listed = subprocess.run([kind, "get", "clusters"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def running() -> bool:
    """Whether the cluster's first node runs. Docker answers faster than kind."""
    if places.installed("kind") is None or not layout.kubeconfig().exists():
        return False
    return engine.ask("inspect", "--format", "{{.State.Running}}", f"{layout.NAME}-control-plane") == "true"

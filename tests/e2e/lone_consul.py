"""One real Consul agent without a cluster, for tests of its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.e2e.engine import RUN, docker
from tests.e2e.waiting import eventually

IMAGE = "hashicorp/consul:1.22.7"


@contextmanager
def running(name: str, *settings: str, folder: Path | None = None, port: int = 8500) -> Iterator[str]:
    """The address (`host:port` on this machine) of an agent in development mode; `folder` is /work in its container."""
    name = f"consul-e2e-{RUN}-{name}"
    mount = ["--volume", f"{folder}:/work:ro"] if folder else []
    published = ["--publish", f"127.0.0.1::{port}"]
    docker("run", "--detach", "--name", name, *published, *mount, IMAGE, "agent", "-dev", "-client=0.0.0.0", *settings)
    try:
        yield docker("port", name, f"{port}/tcp").splitlines()[0]
    finally:
        docker("rm", "--force", "--volumes", name)


def ready(base: str, **how: Any) -> str:
    """Wait for a leader. Returns the same base URL."""

    def leader() -> bool:
        try:
            return ":" in requests.get(f"{base}/v1/status/leader", timeout=2, **how).text
        except requests.RequestException:
            return False

    eventually(f"a leader at {base}", leader, bool, within=30)
    return base


def certificates(folder: Path) -> None:
    """Create an authority, and certificates for a client and for a server at 127.0.0.1, with `consul tls`."""
    folder.chmod(0o777)
    inside = ["run", "--rm", "--volume", f"{folder}:/work", "--workdir", "/work", "--user", "0:0", IMAGE, "tls"]
    docker(*inside, "ca", "create")
    docker(*inside, "cert", "create", "-server", "-additional-ipaddress=127.0.0.1")
    docker(*inside, "cert", "create", "-client")
    for made in folder.iterdir():
        made.chmod(0o644)

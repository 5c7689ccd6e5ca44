"""The Docker engine, through the `docker` command."""

import json
import secrets
import subprocess
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

KINDS = ("container", "volume", "network")
RUN = secrets.token_hex(2)
"""Part of every name of this run: other runs, and other workers of this one, use the same engine at the same time."""


def docker(*words: str) -> str:
    """The output of a command. The test fails with its error message if it fails."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.strip()}"
    return done.stdout.strip()


def labelled(kind: str, cluster: str) -> list[str]:
    """The names of all objects of one kind with this cluster's label, also of stopped containers."""
    everything = ["--all"] if kind == "container" else []
    name = "{{.Names}}" if kind == "container" else "{{.Name}}"
    return sorted(
        docker(kind, "ls", *everything, "--filter", f"label=consul.cluster={cluster}", "--format", name).split()
    )


def orphans(cluster: str) -> dict[str, list[str]]:
    """The names of all objects with this cluster's label, by kind."""
    return {kind: found for kind in KINDS if (found := labelled(kind, cluster))}


def clear(cluster: str) -> None:
    """Remove all objects with this cluster's label."""
    for kind, names in orphans(cluster).items():
        docker(kind, "rm", *(["--force"] if kind != "network" else []), *names)


def inspect(kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker(kind, "inspect", name))[0]
    return found


def free_subnet() -> str:
    """A random private /24 that overlaps no Docker network and no route of this machine."""
    taken = _networks() + _routes()
    while True:
        # Outside the ranges that Docker (172.17 and higher, 192.168) and clouds (172.31) use by default, and those of
        # the Kubernetes cluster for tests.
        subnet = IPv4Network(f"10.{192 + secrets.randbelow(32)}.{secrets.randbelow(256)}.0/24")
        if not any(subnet.overlaps(other) for other in taken):
            return str(subnet)


def _networks() -> list[IPv4Network]:
    ids = docker("network", "ls", "--quiet", "--filter", "driver=bridge").split()
    pools = [pool for found in json.loads(docker("network", "inspect", *ids)) for pool in found["IPAM"]["Config"]]
    return [IPv4Network(pool["Subnet"]) for pool in pools if ":" not in pool["Subnet"]]


def _routes() -> list[IPv4Network]:
    table = Path("/proc/net/route")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    pairs = [(_address(row[1]), _address(row[7])) for row in rows]
    return [IPv4Network(f"{base}/{mask}") for base, mask in pairs if mask != "0.0.0.0"]


def _address(little_endian: str) -> str:
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(little_endian)))

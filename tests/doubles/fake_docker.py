"""A Docker engine that lists containers, volumes and networks, and records what is done to them."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import DockerException, NotFound


class FakeDocker:
    """What a test adds to the lists exists."""

    def __init__(self) -> None:
        self.containers_listed: list[dict[str, Any]] = []
        self.volumes_listed: list[dict[str, Any]] = []
        self.networks_listed: list[dict[str, Any]] = []
        self.done: list[tuple[Any, ...]] = []
        self.api = SimpleNamespace(
            base_url="http+docker://localhost",
            containers=lambda all=False: self.containers_listed,
            volumes=lambda: {"Volumes": self.volumes_listed or None},
            networks=lambda: self.networks_listed,
        )
        self.containers = SimpleNamespace(get=self._container)
        self.networks = SimpleNamespace(get=lambda name: SimpleNamespace(remove=lambda: self.done.append(("rm", name))))

    def close(self) -> None:
        pass

    def container(self, name: str, **labels: str) -> dict[str, Any]:
        """Add a container."""
        self.containers_listed.append({"Names": [f"/{name}"], "Labels": _spelled(labels), "Mounts": [], "Ports": []})
        return self.containers_listed[-1]

    def volume(self, name: str, used_by: dict[str, Any] | None = None, **labels: str) -> None:
        """Add a volume that a container may use."""
        self.volumes_listed.append({"Name": name, "Labels": _spelled(labels) or None})
        if used_by:
            used_by["Mounts"].append({"Type": "volume", "Name": name})

    def network(self, name: str, subnet: str = "10.8.0.0/24", **labels: str) -> None:
        """Add a network."""
        self.networks_listed.append(
            {
                "Name": name,
                "Labels": _spelled(labels),
                "IPAM": {"Config": [{"Subnet": subnet}, {"Subnet": "fd00::/64"}]},
            }
        )

    def _container(self, name: str) -> Any:
        if not any(f"/{name}" in one["Names"] for one in self.containers_listed):
            raise NotFound(name)
        return SimpleNamespace(
            stop=lambda timeout: self.done.append(("stop", name)),
            remove=lambda v: self.done.append(("rm", name, "with volumes" if v else "without volumes")),
        )


def _spelled(labels: dict[str, str]) -> dict[str, str]:
    names = {"cluster": "consul.cluster", "cluster_id": "consul.cluster-id"}
    return {names[key]: value for key, value in labels.items()}


def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine answers."""

    def refused(**_: object) -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", refused)

"""One cluster of pods, made in three ways: by this program, by a plain Pulumi program, and by `kubectl apply`."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from consul_on_pulumi.model import kv_tree

from tests.bench.project import STACK, Project, ours, plain
from tests.bench.ways import CHANGE, CHANGED, DESTROY, KUBECTL, NO_OP, OURS, PLAIN, PREVIEW, ROLL, UP, Way
from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.manifests import manifests
from tests.e2e_k8s.stack import of_our_own

NAME = f"consul-{STACK}"
LEADER = "wget -q -O - http://127.0.0.1:8500/v1/status/leader | grep :"
OTHER_CLIENTS = {"client_config": CHANGED}
OTHER_SERVERS = OTHER_CLIENTS | {"server_config": CHANGED}


@contextmanager
def ways(settings: Mapping[str, Any]) -> Iterator[tuple[list[Way], Callable[[], object]]]:
    """All three ways to make the cluster of the stack `k8s`, and the function that removes what is left of it."""
    settings = {**settings, "name": NAME}
    with of_our_own() as kubeconfig, tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        by_hand = _ByHand(Kubectl(kubeconfig), settings)
        try:
            yield (
                [
                    _ours(Path(folder) / "ours", settings, kubeconfig, by_hand),
                    _plain(Path(folder) / "plain", kubeconfig, by_hand),
                    _kubectl(by_hand),
                ],
                by_hand.clear,
            )
        finally:
            by_hand.clear()


def _ours(folder: Path, settings: dict[str, Any], kubeconfig: Path, by_hand: "_ByHand") -> Way:
    project = ours(folder, settings, KUBECONFIG=str(kubeconfig))

    def up() -> None:
        project.up_without_preview()
        stored = by_hand.consul("kv", "get", "-recurse").splitlines()
        assert dict(line.split(":", 1) for line in stored) == by_hand.seeds

    def change(more: Mapping[str, Any]) -> None:
        project.change({"consul-on-pulumi:cluster": {**settings, **more}})
        project.up_without_preview()

    return _of_pulumi(OURS, project, up, change)


def _of_pulumi(name: str, project: Project, up: Callable[[], None], change: Callable[[Mapping[str, Any]], None]) -> Way:
    return Way(
        name,
        {
            UP: up,
            PREVIEW: project.preview,
            NO_OP: project.up_without_preview,
            CHANGE: lambda: change(OTHER_CLIENTS),
            ROLL: lambda: change(OTHER_SERVERS),
            DESTROY: project.destroy,
        },
        project.forget,
    )


def _plain(folder: Path, kubeconfig: Path, by_hand: "_ByHand") -> Way:
    key = "plain-pods:objects"
    project = plain(folder, {key: by_hand.objects()}, "plain_pods", KUBECONFIG=str(kubeconfig))

    def up() -> None:
        project.up_without_preview()
        by_hand.wait_for_leader()

    def change(more: Mapping[str, Any]) -> None:
        project.change({key: by_hand.objects(more)})
        project.up_without_preview()
        by_hand.wait_for_rollouts()

    return _of_pulumi(PLAIN, project, up, change)


def _kubectl(by_hand: "_ByHand") -> Way:
    def change(more: Mapping[str, Any]) -> None:
        by_hand.apply(more)
        by_hand.wait_for_rollouts()

    return Way(
        KUBECTL,
        {
            UP: by_hand.up,
            NO_OP: by_hand.apply,
            CHANGE: lambda: change(OTHER_CLIENTS),
            ROLL: lambda: change(OTHER_SERVERS),
            DESTROY: by_hand.clear,
        },
        lambda: None,
    )


class _ByHand:
    """The commands that a person would type, with the same manifests in a folder."""

    def __init__(self, kubectl: Kubectl, settings: Mapping[str, Any]) -> None:
        self._kubectl, self._settings = kubectl, settings
        self.seeds = kv_tree.entries(settings["seeds"])

    def objects(self, more: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All objects, the namespace first. Kubernetes replaces the pods of servers by itself: nothing else does."""
        chosen = {key: value for key, value in self._settings.items() if key not in ("name", "platform", "seeds")}
        found = list(manifests(self._settings["platform"]["kubernetes"], NAME, **chosen, **(more or {})))
        for one in found:
            if one["kind"] == "StatefulSet":
                one["spec"]["updateStrategy"] = {"type": "RollingUpdate"}
        return sorted(found, key=lambda one: one["kind"] != "Namespace")

    def up(self) -> None:
        self.apply()
        self.wait_for_leader()
        for key, value in self.seeds.items():
            self.consul("kv", "put", key, value)

    def apply(self, more: Mapping[str, Any] | None = None) -> None:
        namespace, *rest = self.objects(more)
        self._kubectl.apply(namespace)
        self._kubectl.apply(*rest)

    def wait_for_leader(self) -> None:
        eventually("a leader", self._has_leader, bool, within=120)

    def wait_for_rollouts(self) -> None:
        for workload in (f"deployment/{NAME}-client", f"statefulset/{NAME}-server"):
            self._kubectl("rollout", "status", workload, "--namespace", NAME, "--timeout=300s")

    def clear(self) -> None:
        self._kubectl("delete", "namespace", NAME, "--ignore-not-found", "--wait=true", "--timeout=180s")

    def consul(self, *words: str) -> str:
        return self._in_server("consul", *words)

    def _has_leader(self) -> bool:
        try:
            return bool(self._in_server("sh", "-c", LEADER))
        except AssertionError:
            return False

    def _in_server(self, *words: str) -> str:
        return self._kubectl("exec", f"{NAME}-server-0", "--namespace", NAME, "--", *words)

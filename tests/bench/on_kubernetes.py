"""The time from nothing to a cluster of pods, beside `kubectl apply` of the same objects."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from consul_on_pulumi.model import kv_tree

from tests.bench.project import STACK, ours
from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.manifests import manifests
from tests.e2e_k8s.stack import of_our_own

NAME = f"consul-{STACK}"
ROLL_AIM = 35
"""Seconds for a roll of three servers."""
LEADER = "wget -q -O - http://127.0.0.1:8500/v1/status/leader | grep :"

Method = tuple[str, Callable[[], object]]


@contextmanager
def starts(settings: Mapping[str, Any]) -> Iterator[tuple[list[Method], Callable[[], object], Callable[[], float]]]:
    """The methods to start a cluster with a leader and every seed, the function to call before each, and one that
    returns the seconds of a roll of all servers.

    `settings` are those of the stack `k8s`, with seeds.
    """
    settings = {**settings, "name": NAME}
    wanted = kv_tree.entries(settings["seeds"])
    with of_our_own() as kubeconfig, tempfile.TemporaryDirectory(prefix="consul-bench-") as folder:
        cluster = ours(Path(folder) / "ours", settings, KUBECONFIG=str(kubeconfig))
        by_hand = _ByHand(Kubectl(kubeconfig), settings, wanted)

        def checked(work: Callable[[], object]) -> Callable[[], None]:
            def both() -> None:
                work()
                stored = by_hand.consul("kv", "get", "-recurse").splitlines()
                assert dict(line.split(":", 1) for line in stored) == wanted

            return both

        def from_nothing() -> None:
            by_hand.clear()
            cluster.forget()

        def roll() -> float:
            cluster.up_without_preview()
            cluster.change({"consul-on-pulumi:cluster": {**settings, "server_config": {"log_level": "WARN"}}})
            began = monotonic()
            cluster.up_without_preview()
            return monotonic() - began

        try:
            yield (
                [
                    ("pulumi up", checked(cluster.up)),
                    ("pulumi up --skip-preview", checked(cluster.up_without_preview)),
                    ("kubectl apply", checked(by_hand.up)),
                ],
                from_nothing,
                roll,
            )
        finally:
            by_hand.clear()


class _ByHand:
    """The commands that a person would type, with the same manifests in a folder."""

    def __init__(self, kubectl: Kubectl, settings: Mapping[str, Any], seeds: Mapping[str, str]) -> None:
        chosen = {key: value for key, value in settings.items() if key not in ("name", "platform", "seeds")}
        self._objects = list(manifests(settings["platform"]["kubernetes"], NAME, **chosen))
        self._kubectl, self._seeds = kubectl, seeds

    def up(self) -> None:
        self._kubectl.apply(*(one for one in self._objects if one["kind"] == "Namespace"))
        self._kubectl.apply(*(one for one in self._objects if one["kind"] != "Namespace"))
        eventually("a leader", self._has_leader, bool, within=120)
        for key, value in self._seeds.items():
            self.consul("kv", "put", key, value)

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

"""A cluster of plain processes starts once, is repaired, and continues after an interruption."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.waiting import eventually
from tests.e2e_k8s.kubectl import Kubectl
from tests.e2e_k8s.traces import running_in
from tools import places
from tools.kubernetes import cgroups, cluster, layout, network, node_files
from tools.kubernetes.isolation import Group
from tools.kubernetes.layout import Node

pytestmark = pytest.mark.e2e

PROGRAMS = {
    *("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "coredns", "volume-provisioner"),
    *("containerd", "kubelet", "kube-proxy", "kube-router"),
}


def test_a_second_start_has_nothing_to_do(processes: Path) -> None:
    groups = [Group(layout.folder() / "control-plane"), *(Group(node.folder) for node in layout.nodes())]
    before, started = [group.outer() for group in groups], time.monotonic()

    cluster.ours(nodes=1)

    assert None not in before
    assert [group.outer() for group in groups] == before
    # Half a second alone; the tests on Docker run at the same time.
    assert time.monotonic() - started < 10


def test_a_killed_program_restarts_by_itself(processes: Path) -> None:
    first = etcd()
    os.kill(first, signal.SIGKILL)

    assert eventually("another etcd", etcd, lambda pid: pid not in (0, first)) != first
    eventually("the API server", cluster.running, lambda found: found is not None)


def test_the_next_start_restarts_a_node_that_was_killed(processes: Path) -> None:
    group = Group(Node(2).folder)
    died = group.outer()
    assert died
    os.kill(died, signal.SIGKILL)
    eventually("the end of the node", group.outer, lambda pid: pid is None)

    cluster.ours(nodes=1)

    assert group.outer() not in (None, died)
    Kubectl(processes)("wait", "--for=condition=Ready", "node/node-2", "--timeout=10s")


def test_a_network_that_was_removed_is_created_again(processes: Path) -> None:
    subprocess.run(["ip", "link", "delete", layout.BRIDGE], check=True)
    subprocess.run(["iptables", "-D", "FORWARD", "-j", f"{network.CHAIN}-FORWARD"], check=True)

    cluster.ours(nodes=1)

    assert cluster.running()
    subprocess.run(["iptables", "-C", "FORWARD", "-j", f"{network.CHAIN}-FORWARD"], check=True)


def test_the_next_start_continues_an_interrupted_one(processes: Path) -> None:
    for folder in (layout.folder() / "control-plane", *(node.folder for node in layout.nodes())):
        Group(folder).stop()
    command = [sys.executable, "-m", "tools", "kubernetes", "up"]
    own = {**os.environ, "KUBECONFIG": str(processes)}
    with subprocess.Popen(command, cwd=places.ROOT, env=own, stderr=subprocess.DEVNULL) as start:
        time.sleep(1.5)
        start.kill()

    cluster.ours(nodes=1)

    wanted = PROGRAMS - {"volume-provisioner"}
    # A node is ready before its kube-proxy, which starts again until the API server answers it.
    eventually("every program", lambda: running_in(layout.folder()), wanted.issubset)


def test_the_next_start_creates_objects_that_an_interrupted_one_did_not_create(processes: Path) -> None:
    kubectl = Kubectl(processes)
    kubectl("delete", "clusterrolebinding", "coredns")

    cluster.ours(nodes=1)

    kubectl("get", "clusterrolebinding", "coredns")


def test_a_group_counts_as_running_right_after_its_start(tmp_path: Path) -> None:
    slow = tmp_path / "nsenter"
    slow.write_text('#!/bin/sh\nsleep 0.5\nshift\nexec "$@"\n')
    slow.chmod(0o700)
    group = Group(tmp_path, {"sleep": ["sleep", "60"]}, network="any", search=[tmp_path])

    group.start()
    try:
        assert group.outer()
    finally:
        group.stop()


def test_the_kernel_settings_of_the_machine_do_not_change(processes: Path) -> None:
    """The kubelet requires other values, so it sees files of its own."""
    shown = subprocess.run(
        Group(Node(1).folder).inside("cat", "/proc/sys/kernel/panic_on_oops"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "1\n"
    assert str(Node(1).folder) not in Path("/proc/self/mounts").read_text()


def test_every_control_group_hierarchy_has_the_nodes(processes: Path) -> None:
    assert all((tree / layout.NAME / "node-1").is_dir() for tree in cgroups.hierarchies())


def etcd() -> int:
    """The process ID of etcd, 0 if it does not run."""
    found = subprocess.run(
        ["pgrep", "--full", f"etcd --data-dir={layout.folder()}"], capture_output=True, text=True, check=False
    )
    return int(found.stdout.split()[0]) if found.stdout else 0


def test_the_containerd_of_a_node_is_not_reachable_from_outside(processes: Path) -> None:
    """Else a client that comes too early would load images into Docker's."""
    assert not Path(node_files.SOCKET).exists()
    subprocess.run(Group(Node(1).folder).inside("test", "-S", node_files.SOCKET), check=True)

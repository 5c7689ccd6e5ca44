"""The configuration files of the cluster, with their names replaced."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tools.kubernetes import layout, node_files
from tools.kubernetes.control_plane import addons
from tools.kubernetes.control_plane.certificates import Pair
from tools.kubernetes.layout import Node


def test_a_node_gets_its_own_addresses_and_folders() -> None:
    node, pair = Node(2), Pair(Path("/c.crt"), Path("/c.key"))
    node_files.write(node, authority=Path("/ca.crt"), serving=pair, runc=Path("/runc"), cni=Path("/cni"))

    kubelet = yaml.safe_load((node.folder / "kubelet.yaml").read_text())
    assert (kubelet["address"], kubelet["tlsPrivateKeyFile"]) == (node.address, "/c.key")
    assert kubelet["cgroupRoot"] == f"/{layout.NAME}/node-2"
    assert set(kubelet["evictionHard"].values()) == {"0%"}
    proxy = yaml.safe_load((node.folder / "kube-proxy.yaml").read_text())
    assert proxy["clientConnection"]["kubeconfig"] == str(node.folder / "kube-proxy.kubeconfig")
    pods = json.loads((node.folder / "cni" / "pods.conflist").read_text())
    assert pods["plugins"][0]["ipam"]["ranges"] == [[{"subnet": node.pods}]]
    assert f'sandbox_image = "{node_files.PAUSE_IMAGE}"' in (node.folder / "containerd.toml").read_text()
    assert all((node.folder / name).is_file() for name in node_files.NAMES)


def test_the_manifests_are_applied_with_the_cluster_s_addresses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    applied: list[str] = []

    def run(command: tuple[str, ...], **options: str) -> "subprocess.CompletedProcess[str]":
        applied.append(options["input"])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("tools.kubernetes.programs.kubernetes", lambda name: {name: tmp_path})
    monkeypatch.setattr("subprocess.run", run)

    assert addons.applied()

    objects = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(applied[0])}
    assert objects["Service", "kube-dns"]["spec"]["clusterIP"] == layout.DNS_SERVICE
    assert objects["EndpointSlice", "kube-dns"]["endpoints"][0]["addresses"] == [layout.HOST]
    assert objects["StorageClass", "standard"]["provisioner"] == "consul-on-pulumi/volumes"
    assert len(objects) == 9

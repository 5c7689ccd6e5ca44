"""The configuration files of one node's programs."""

import subprocess
from pathlib import Path

from tools.kubernetes import layout
from tools.kubernetes.control_plane.certificates import Pair
from tools.kubernetes.files import filled
from tools.kubernetes.layout import Node

PAUSE_IMAGE = "localhost/consul-on-pulumi/pause:2"
TEMPLATES = ("containerd.toml", "kubelet.yaml", "kube-proxy.yaml", "pods.conflist")
NAMES = ("containerd.toml", "kubelet.yaml", "kube-proxy.yaml", "resolv.conf")
# Not the usual path: before the node has its own /run, a client would find the containerd of the machine there.
SOCKET = f"/run/{layout.NAME}/containerd.sock"
# A kubelet writes these values if it finds others.
KERNEL_SETTINGS = {
    "/proc/sys/vm/overcommit_memory": "1",
    "/proc/sys/vm/panic_on_oom": "0",
    "/proc/sys/kernel/panic": "10",
    "/proc/sys/kernel/panic_on_oops": "1",
    "/proc/sys/kernel/keys/root_maxkeys": "1000000",
    "/proc/sys/kernel/keys/root_maxbytes": "25000000",
}


def write(node: Node, *, authority: Path, serving: Pair, runc: Path, cni: Path) -> None:
    """Writes all files except the kubeconfigs."""
    folder = node.folder
    for name in TEMPLATES:
        target = folder / "cni" / name if name.endswith(".conflist") else folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = filled(
            name,
            cluster=layout.NAME,
            node=node.name,
            address=node.address,
            pods=node.pods,
            all_pods=layout.PODS,
            dns_service=layout.DNS_SERVICE,
            folder=folder,
            socket=SOCKET,
            pause=PAUSE_IMAGE,
            snapshotter=snapshotter(),
            cni=cni,
            runc=runc,
            authority=authority,
            certificate=serving.certificate,
            key=serving.key,
        )
        target.write_text(text)
    # For the names that the node itself looks up, and for pods that use the node's DNS.
    (folder / "resolv.conf").write_text(f"nameserver {layout.HOST}\n")
    for path, value in KERNEL_SETTINGS.items():
        kernel_setting(node, path).parent.mkdir(exist_ok=True)
        kernel_setting(node, path).write_text(f"{value}\n")


def kernel_setting(node: Node, path: str) -> Path:
    """The file that is mounted over a kernel setting on a node."""
    return node.folder / "kernel" / path.rsplit("/", 1)[1]


def snapshotter() -> str:
    """Containerd's storage for image layers. An overlay file system cannot be on another one."""
    asked = ["stat", "--file-system", "--format=%T", str(layout.folder())]
    kind = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return "native" if kind == "overlayfs" else "overlayfs"

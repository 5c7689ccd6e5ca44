"""The configuration files of one node's programs."""

import json
import subprocess
from pathlib import Path
from typing import Any

from toolchain.kubernetes import layout
from toolchain.kubernetes.certificates import Pair
from toolchain.kubernetes.layout import Node

PAUSE_IMAGE = "localhost/consul-on-pulumi/pause:1"
NAMES = ("containerd.toml", "kubelet.json", "kube-proxy.json", "resolv.conf")
# Not the usual path: a client that comes before the node has a /run of its own must not find the machine's containerd.
SOCKET = f"/run/{layout.NAME}/containerd.sock"
NEVER = {"imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%"}
# What a kubelet sets if it finds anything else.
KERNEL_SETTINGS = {
    "/proc/sys/vm/overcommit_memory": "1",
    "/proc/sys/vm/panic_on_oom": "0",
    "/proc/sys/kernel/panic": "10",
    "/proc/sys/kernel/panic_on_oops": "1",
    "/proc/sys/kernel/keys/root_maxkeys": "1000000",
    "/proc/sys/kernel/keys/root_maxbytes": "25000000",
}
# restrict_oom_score_adj: where root lacks CAP_SYS_RESOURCE, no container could start without it.
CONTAINERD = """\
version = 2
root = "/var/lib/containerd"
state = "/run/{name}/containerd"
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{cni}"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "{snapshotter}"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{runc}"
SystemdCgroup = false
"""


def write(node: Node, *, authority: Path, serving: Pair, runc: Path, cni: Path) -> None:
    """Writes them all; kubeconfigs are the caller's."""
    folder = node.folder
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    (folder / "cni" / "pods.conflist").write_text(json.dumps(pod_network(node), indent=1))
    (folder / "containerd.toml").write_text(
        CONTAINERD.format(
            name=layout.NAME,
            socket=SOCKET,
            pause=PAUSE_IMAGE,
            cni=cni,
            runc=runc,
            folder=folder,
            snapshotter=snapshotter(),
        )
    )
    (folder / "kubelet.json").write_text(json.dumps(kubelet(node, authority, serving), indent=1))
    (folder / "kube-proxy.json").write_text(json.dumps(kube_proxy(node), indent=1))
    # For what the node itself looks up, and for pods that ask for the node's own names.
    (folder / "resolv.conf").write_text(f"nameserver {layout.HOST}\n")
    for path, value in KERNEL_SETTINGS.items():
        kernel_setting(node, path).parent.mkdir(exist_ok=True)
        kernel_setting(node, path).write_text(f"{value}\n")


def kernel_setting(node: Node, path: str) -> Path:
    """The file that lies over a kernel setting on a node."""
    return node.folder / "kernel" / path.rsplit("/", 1)[1]


def snapshotter() -> str:
    """How containerd stacks the layers of images: an overlay cannot lie on an overlay."""
    asked = ["stat", "--file-system", "--format=%T", str(layout.folder())]
    kind = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return "native" if kind == "overlayfs" else "overlayfs"


def pod_network(node: Node) -> dict[str, Any]:
    """Every pod on a cable of its own: all traffic is routed, so no bridge needs its frames filtered."""
    addresses = {
        "type": "host-local",
        "dataDir": "/run/pod-addresses",
        "ranges": [[{"subnet": node.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [{"type": "ptp", "ipam": addresses}, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": plugins}


def kubelet(node: Node, authority: Path, serving: Pair) -> dict[str, Any]:
    """A kubelet that asks the API server whom to obey, and never evicts because the machine's disk is full."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.NAME}/{node.name}",
        "failCgroupV1": False,
        "clusterDomain": "cluster.local",
        "clusterDNS": [layout.DNS_SERVICE],
        "resolvConf": str(node.folder / "resolv.conf"),
        "failSwapOn": False,
        "evictionHard": NEVER,
        "imageGCHighThresholdPercent": 100,
        "volumePluginDir": "/var/lib/kubelet/plugins",
        "oomScoreAdj": 0,
    }


def kube_proxy(node: Node) -> dict[str, Any]:
    """Services by iptables, with the kernel's own limits of connections."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": layout.PODS,
        "hostnameOverride": node.name,
        "clientConnection": {"kubeconfig": str(node.folder / "kube-proxy.kubeconfig")},
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
    }

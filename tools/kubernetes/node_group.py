"""One node: containerd, kubelet and kube-proxy in namespaces of their own."""

from collections.abc import Iterator
from pathlib import Path

from toolchain.kubernetes import cgroups, kubeconfig, layout, network, node_files, packages, programs
from toolchain.kubernetes.api_server import ApiServer
from toolchain.kubernetes.isolation import Group
from toolchain.kubernetes.layout import Node

# What Kubernetes expects under fixed paths, each a folder of the node's own.
OWN = ("/var/lib/kubelet", "/var/lib/containerd", "/var/log/pods", "/var/log/containers")


def group(node: Node, server: ApiServer) -> Group:
    """Its programs, with everything written that they read."""
    found = programs.kubernetes(*programs.NODE)
    containerd, runc = packages.command("containerd", "containerd"), packages.command("runc", "runc")
    cni = packages.unpacked("containernetworking-plugins") / "usr" / "lib" / "cni"
    authority = server.authority
    serving = authority.issue(
        node.name, f"/O=system:nodes/CN=system:node:{node.name}", [f"DNS:{node.name}", f"IP:{node.address}"]
    )
    proxy = authority.issue("kube-proxy", "/CN=system:kube-proxy")
    node_files.write(node, authority=authority.pair.certificate, serving=serving, runc=runc, cni=cni)
    for name, pair in (("kubelet", serving), ("kube-proxy", proxy)):
        kubeconfig.write(node.folder / f"{name}.kubeconfig", server.url, authority.pair.certificate, pair)
    return Group(
        folder=node.folder,
        programs={
            "containerd": [str(containerd), f"--config={node.folder / 'containerd.toml'}"],
            "kubelet": [
                str(found["kubelet"]),
                f"--config={node.folder / 'kubelet.json'}",
                f"--kubeconfig={node.folder / 'kubelet.kubeconfig'}",
                f"--hostname-override={node.name}",
                f"--node-ip={node.address}",
            ],
            "kube-proxy": [str(found["kube-proxy"]), f"--config={node.folder / 'kube-proxy.json'}"],
        },
        setup=list(setup(node)),
        network=node.namespace,
        inputs=[node.folder / name for name in node_files.NAMES],
        search=list(dict.fromkeys([containerd.parent, runc.parent])),
    )


def setup(node: Node) -> Iterator[list[str]]:
    """What makes the machine's file system the node's own, as far as Kubernetes writes to it."""
    yield ["hostname", node.name]
    # Mounts made here must show in pods, and must not show outside.
    yield ["mount", "--make-rshared", "/"]
    yield from kernel_settings(node)
    resolver = Path("/etc/resolv.conf").resolve()
    yield ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]
    if resolver.is_relative_to("/run"):
        yield ["install", "-D", str(node.folder / "resolv.conf"), str(resolver)]
    else:
        yield ["mount", "--bind", str(node.folder / "resolv.conf"), str(resolver)]
    for path in OWN:
        own = node.folder / path.strip("/").replace("/", "-")
        yield ["mkdir", "-p", str(own), path]
        yield ["mount", "--bind", str(own), path]


def kernel_settings(node: Node) -> Iterator[list[str]]:
    """Shows the kubelet the settings it insists on; those of the machine stay as they are."""
    for path in node_files.KERNEL_SETTINGS:
        if Path(path).exists():
            yield ["mount", "--bind", str(node_files.kernel_setting(node, path)), path]


def start(node: Node, server: ApiServer) -> tuple[Group, bool]:
    """Starts the node unless it runs; says whether there was anything to do."""
    node.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    attached = network.attach(node)
    made = group(node, server)
    if made.current() and not attached:
        return made, False
    # What still runs does so in a network that nothing leads to; what pods left behind would keep the kubelet waiting.
    made.stop()
    cgroups.remove(f"{layout.NAME}/{node.name}")
    cgroups.make(f"{layout.NAME}/{node.name}")
    made.start()
    return made, True

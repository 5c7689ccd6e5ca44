"""One node: containerd, kubelet, kube-proxy and kube-router, which enforces policies, in their own namespaces."""

from collections.abc import Iterator
from pathlib import Path

from tools.builds import debian
from tools.kubernetes import cgroups, layout, network, node_files, programs
from tools.kubernetes.control_plane import certificates
from tools.kubernetes.control_plane.api_server import ApiServer
from tools.kubernetes.isolation import Group
from tools.kubernetes.layout import Node

# Fixed paths of Kubernetes. Each node mounts its own folders there.
OWN = ("/var/lib/kubelet", "/var/lib/containerd", "/var/log/pods", "/var/log/containers")
# Routes and Services are there already. Policies are read again with each change, and in any case now and then.
ONLY_POLICIES = (
    "--run-firewall=true",
    "--run-router=false",
    "--run-service-proxy=false",
    "--run-loadbalancer=false",
    "--health-port=0",
    "--metrics-port=0",
)


def group(node: Node, server: ApiServer) -> Group:
    """Its programs. Their files are written first."""
    found = programs.kubernetes(*programs.NODE)
    containerd, runc = debian.command("containerd", "containerd"), debian.command("runc", "runc")
    cni = debian.unpacked("containernetworking-plugins") / "usr" / "lib" / "cni"
    authority = server.authority
    serving = authority.issue(
        node.name, f"/O=system:nodes/CN=system:node:{node.name}", [f"DNS:{node.name}", f"IP:{node.address}"]
    )
    proxy = authority.issue("kube-proxy", "/CN=system:kube-proxy")
    router = authority.issue("kube-router", "/CN=kube-router")
    node_files.write(node, authority=authority.pair.certificate, serving=serving, runc=runc, cni=cni)
    for name, pair in (("kubelet", serving), ("kube-proxy", proxy), ("kube-router", router)):
        certificates.kubeconfig(node.folder / f"{name}.kubeconfig", server.url, authority.pair.certificate, pair)
    return Group(
        folder=node.folder,
        programs={
            "containerd": [str(containerd), f"--config={node.folder / 'containerd.toml'}"],
            "kubelet": [
                str(found["kubelet"]),
                f"--config={node.folder / 'kubelet.yaml'}",
                f"--kubeconfig={node.folder / 'kubelet.kubeconfig'}",
                f"--hostname-override={node.name}",
                f"--node-ip={node.address}",
            ],
            "kube-proxy": [str(found["kube-proxy"]), f"--config={node.folder / 'kube-proxy.yaml'}"],
            "kube-router": [
                str(programs.KUBE_ROUTER.path()),
                f"--kubeconfig={node.folder / 'kube-router.kubeconfig'}",
                f"--hostname-override={node.name}",
                f"--service-cluster-ip-range={layout.SERVICES}",
                *ONLY_POLICIES,
            ],
        },
        setup=list(setup(node)),
        network=node.namespace,
        inputs=[node.folder / name for name in node_files.NAMES],
        search=list(dict.fromkeys([containerd.parent, runc.parent])),
    )


def setup(node: Node) -> Iterator[list[str]]:
    """The commands that mount the node's own folders where Kubernetes writes."""
    yield ["hostname", node.name]
    # Mounts on the node must be visible in pods and invisible on the machine.
    yield ["mount", "--make-rshared", "/"]
    # The kubelet would change these settings of the machine, so it gets files with the values that it wants.
    for path in node_files.KERNEL_SETTINGS:
        if Path(path).exists():
            yield ["mount", "--bind", str(node_files.kernel_setting(node, path)), path]
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


def start(node: Node, server: ApiServer) -> tuple[Group, bool]:
    """Starts the node unless it runs. Returns whether it was started."""
    node.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    attached = network.attach(node)
    made = group(node, server)
    if made.current() and not attached:
        return made, False
    # Old processes are in a network that is gone, and the kubelet would wait for the old cgroups of pods.
    made.stop()
    cgroups.remove(f"{layout.NAME}/{node.name}")
    cgroups.make(f"{layout.NAME}/{node.name}")
    made.start()
    return made, True

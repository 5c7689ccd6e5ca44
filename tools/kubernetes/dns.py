"""The cluster's DNS: CoreDNS as a process of the machine, behind the service that pods ask."""

from pathlib import Path
from typing import Any

from toolchain.kubernetes import layout, programs
from toolchain.kubernetes.api_server import ApiServer

RESOLVER = Path("/etc/resolv.conf")
READY_PORT = 8181
COREFILE = """\
.:53 {{
    bind {host}
    errors
    ready {host}:{port}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }}
{forward}
    cache {{
        success 9984 30
        denial 9984 1
        disable success cluster.local
        disable denial cluster.local
    }}
    loadbalance
}}
"""


def command(server: ApiServer) -> list[str]:
    """Its command line, with the Corefile written."""
    client = server.client_file("coredns", "/CN=coredns")
    corefile = layout.corefile()
    forward = f"    forward . {RESOLVER}" if names_a_server(RESOLVER) else ""
    corefile.write_text(COREFILE.format(host=layout.HOST, port=READY_PORT, kubeconfig=client, forward=forward))
    return [str(programs.coredns()), f"-conf={corefile}"]


def names_a_server(resolver: Path) -> bool:
    """Whether there is anybody to forward to; CoreDNS refuses a file that names nobody."""
    try:
        return any(line.split()[:1] == ["nameserver"] for line in resolver.read_text().splitlines())
    except OSError:
        return False


def manifests() -> dict[str, Any]:
    """The service, where it leads, and what CoreDNS may read, by API path."""
    namespace = "/api/v1/namespaces/kube-system"
    labels = {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    return {
        f"{namespace}/services/kube-dns": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "labels": labels},
            "spec": {"clusterIP": layout.DNS_SERVICE, "ports": ports},
        },
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns": {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "kube-dns", "labels": {"kubernetes.io/service-name": "kube-dns"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [layout.HOST], "conditions": {"ready": True}}],
            "ports": ports,
        },
        **role(
            "coredns",
            [
                {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
            ],
        ),
    }


def role(user: str, rules: list[dict[str, list[str]]]) -> dict[str, Any]:
    """What a user may do in the whole cluster, by API path."""
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "User", "apiGroup": group, "name": user}
    reference = {"kind": "ClusterRole", "apiGroup": group, "name": user}
    kinds: dict[str, dict[str, Any]] = {
        "clusterroles": {"kind": "ClusterRole", "rules": rules},
        "clusterrolebindings": {"kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]},
    }
    return {
        f"/apis/{group}/v1/{plural}/{user}": {"apiVersion": f"{group}/v1", "metadata": {"name": user}, **kinds[plural]}
        for plural in kinds
    }

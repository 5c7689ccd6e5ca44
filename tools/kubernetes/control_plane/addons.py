"""CoreDNS and the volume provisioner as processes of the machine, and what they need in the cluster."""

import re
import subprocess
from pathlib import Path

from tools.kubernetes import layout, programs
from tools.kubernetes.control_plane.api_server import ApiServer
from tools.kubernetes.files import filled

RESOLVER = Path("/etc/resolv.conf")
READY_PORT = 8181


def corefile() -> Path:
    """CoreDNS' configuration file."""
    return layout.folder() / "Corefile"


def coredns(server: ApiServer) -> list[str]:
    """CoreDNS' command line. The configuration file is written first."""
    resolver = RESOLVER.read_text() if RESOLVER.is_file() else ""
    text = filled(
        "Corefile",
        host=layout.HOST,
        port=READY_PORT,
        kubeconfig=server.client_file("coredns", "/CN=coredns"),
        # CoreDNS does not start with a file that names no server.
        forward=f"forward . {RESOLVER}" if re.search(r"^nameserver\s", resolver, re.MULTILINE) else "",
    )
    corefile().write_text(text)
    return [str(programs.COREDNS.path()), f"-conf={corefile()}"]


def provisioner(server: ApiServer) -> list[str]:
    """The command line of the volume provisioner."""
    client = server.client_file("volume-provisioner", "/CN=volume-provisioner")
    volumes = layout.folder() / "volumes"
    return [str(programs.VOLUME_PROVISIONER.path()), f"-kubeconfig={client}", f"-folder={volumes}"]


def applied() -> bool:
    """Whether the API server took the manifests. It refuses some of them until it has started completely."""
    kubectl = programs.kubernetes("kubectl")["kubectl"]
    cluster = (f"--kubeconfig={layout.kubeconfig()}", f"--cache-dir={layout.folder() / 'kubectl-cache'}")
    apply = ("apply", "--server-side", "--force-conflicts", "--validate=false", "--filename=-")
    manifests = filled("manifests.yaml", host=layout.HOST, dns_service=layout.DNS_SERVICE)
    command = (kubectl, *cluster, *apply)
    return subprocess.run(command, input=manifests, capture_output=True, text=True, check=False).returncode == 0

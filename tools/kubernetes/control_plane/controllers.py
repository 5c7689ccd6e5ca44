"""The command lines of the controller manager and the scheduler."""

from tools.kubernetes import programs
from tools.kubernetes.control_plane.api_server import ApiServer

KUBECONFIGS = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
# They listen on no port, so two clusters on one machine do not conflict.
QUIET = ("--leader-elect=false", "--secure-port=0", "--profiling=false")


def controller_manager(server: ApiServer) -> list[str]:
    """The controller manager. Each controller has its own service account."""
    return [
        *_command(server, "kube-controller-manager"),
        f"--root-ca-file={server.authority.pair.certificate}",
        f"--service-account-private-key-file={server.service_accounts.key}",
        "--use-service-account-credentials",
    ]


def scheduler(server: ApiServer) -> list[str]:
    """The scheduler."""
    return _command(server, "kube-scheduler")


def _command(server: ApiServer, name: str) -> list[str]:
    client = server.client_file(name, f"/CN=system:{name}")
    kubeconfigs = [f"--{option}={client}" for option in KUBECONFIGS]
    return [str(programs.kubernetes(name)[name]), *kubeconfigs, *QUIET]

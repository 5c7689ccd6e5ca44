"""The command lines of the controller manager and the scheduler."""

from toolchain.kubernetes import programs
from toolchain.kubernetes.api_server import ApiServer

# They serve nothing, so that two clusters have no ports to quarrel over; whether they live is seen from the process.
QUIET = ("--leader-elect=false", "--secure-port=0", "--profiling=false")


def controller_manager(server: ApiServer) -> list[str]:
    """All controllers; each uses a service account of its own."""
    pair = server.authority.pair
    client = server.client_file("controller-manager", "/CN=system:kube-controller-manager")
    return [
        str(programs.kubernetes("kube-controller-manager")["kube-controller-manager"]),
        f"--kubeconfig={client}",
        f"--authentication-kubeconfig={client}",
        f"--authorization-kubeconfig={client}",
        f"--root-ca-file={pair.certificate}",
        f"--service-account-private-key-file={server.service_accounts.key}",
        "--use-service-account-credentials",
        *QUIET,
    ]


def scheduler(server: ApiServer) -> list[str]:
    """The scheduler."""
    client = server.client_file("scheduler", "/CN=system:kube-scheduler")
    return [
        str(programs.kubernetes("kube-scheduler")["kube-scheduler"]),
        f"--kubeconfig={client}",
        f"--authentication-kubeconfig={client}",
        f"--authorization-kubeconfig={client}",
        *QUIET,
    ]

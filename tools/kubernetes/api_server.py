"""An API server and its database: their certificates, their command lines, their kubeconfig."""

from dataclasses import dataclass
from pathlib import Path

from toolchain.kubernetes import certificates, kubeconfig, packages, programs
from toolchain.kubernetes.api import Api
from toolchain.kubernetes.certificates import Authority, Pair

ISSUER = "https://kubernetes.default.svc.cluster.local"
NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


@dataclass(frozen=True)
class ApiServer:
    """One API server; everything it owns lies in ``folder``."""

    folder: Path
    address: str
    """Where it listens; nodes must reach it there."""
    port: int
    etcd_port: int
    """On the same address."""
    services: str
    """Addresses of services, like ``10.0.0.0/24``; the first one is the API server's own."""
    first_service: str
    with_pods: bool
    """Whether pods run: then they need service accounts, and the server's address is announced to them."""

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"https://{self.address}:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's file."""
        return self.folder / "kubeconfig"

    @property
    def authority(self) -> Authority:
        """Who signs all certificates of this cluster."""
        return certificates.authority(self.folder / "certificates")

    @property
    def server(self) -> Pair:
        """What it serves with and shows to its database and to kubelets."""
        names = [f"DNS:{name}" for name in (*NAMES, "localhost")]
        addresses = [f"IP:{address}" for address in (self.address, self.first_service, "127.0.0.1")]
        subject = "/O=system:masters/CN=kube-apiserver"
        return self.authority.issue("kube-apiserver", subject, [*names, *addresses])

    @property
    def administrator(self) -> Pair:
        """A client that may do everything."""
        return self.authority.issue("administrator", "/O=system:masters/CN=administrator")

    @property
    def service_accounts(self) -> Pair:
        """What signs the tokens of service accounts, and what they are checked with."""
        return self.authority.issue("service-accounts", "/CN=service-accounts")

    def api(self) -> Api:
        """The administrator's view."""
        return Api(self.url, self.authority.pair.certificate, self.administrator)

    def prepare(self) -> None:
        """Makes certificates and the kubeconfig unless they are there."""
        kubeconfig.write(self.kubeconfig, self.url, self.authority.pair.certificate, self.administrator)

    def client_file(self, name: str, subject: str) -> Path:
        """The kubeconfig of a component, made from a certificate of its own."""
        pair = self.authority.issue(name, subject)
        path = self.folder / "certificates" / f"{name}.kubeconfig"
        return kubeconfig.write(path, self.url, self.authority.pair.certificate, pair)

    def commands(self) -> dict[str, list[str]]:
        """The command lines of the database and the server, by name."""
        return {"etcd": self.etcd(), "kube-apiserver": self.api_server()}

    def etcd(self) -> list[str]:
        """One member that talks to nobody without a certificate."""
        url = f"https://{self.address}:{self.etcd_port}"
        # No other member will ever connect, so any port does, and the name that others would use is of no account.
        peer = "https://127.0.0.1:0"
        pair, signer = self.server, self.authority.pair.certificate
        tls = (f"cert-file={pair.certificate}", f"key-file={pair.key}", f"trusted-ca-file={signer}")
        return [
            str(packages.etcd()),
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}",
            "--initial-advertise-peer-urls=https://127.0.0.1:2380",
            "--initial-cluster=default=https://127.0.0.1:2380",
            *(f"--{option}" for option in (*tls, "client-cert-auth")),
            *(f"--peer-{option}" for option in (*tls, "client-cert-auth")),
            "--log-level=warn",
            "--logger=zap",
        ]

    def api_server(self) -> list[str]:
        """The server, with node and role authorization."""
        pair, signer = self.server, self.authority.pair.certificate
        accounts = self.service_accounts
        refusing = () if self.with_pods else ("--disable-admission-plugins=ServiceAccount",)
        # An address that only this machine can reach must not be announced as a service's endpoint.
        announced = () if self.with_pods else ("--endpoint-reconciler-type=none",)
        return [
            str(programs.kubernetes("kube-apiserver")["kube-apiserver"]),
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.port}",
            f"--etcd-servers=https://{self.address}:{self.etcd_port}",
            f"--etcd-cafile={signer}",
            f"--etcd-certfile={pair.certificate}",
            f"--etcd-keyfile={pair.key}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
            f"--client-ca-file={signer}",
            f"--kubelet-certificate-authority={signer}",
            f"--kubelet-client-certificate={pair.certificate}",
            f"--kubelet-client-key={pair.key}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-cluster-ip-range={self.services}",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={accounts.certificate}",
            f"--service-account-signing-key-file={accounts.key}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--profiling=false",
            *refusing,
            *announced,
        ]

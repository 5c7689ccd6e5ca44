"""An API server and its etcd: certificates, command lines, kubeconfig."""

from dataclasses import dataclass
from pathlib import Path

from tools.builds import debian
from tools.kubernetes import programs
from tools.kubernetes.control_plane import certificates
from tools.kubernetes.control_plane.api import Api
from tools.kubernetes.control_plane.certificates import Authority, Pair

ISSUER = "https://kubernetes.default.svc.cluster.local"
NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


@dataclass(frozen=True)
class ApiServer:
    """One API server; ``folder`` has all its files."""

    folder: Path
    address: str
    """The address that it listens on. Nodes must be able to reach it."""
    port: int
    etcd_port: int
    """etcd listens on the same address."""
    services: str
    """The addresses of services, like ``10.0.0.0/24``. The first one is the API server's own."""
    first_service: str

    @property
    def url(self) -> str:
        """Its URL."""
        return f"https://{self.address}:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def authority(self) -> Authority:
        """The CA of this cluster."""
        return certificates.authority(self.folder / "certificates")

    @property
    def server(self) -> Pair:
        """Its certificate, for clients, for etcd and for kubelets."""
        names = [f"DNS:{name}" for name in (*NAMES, "localhost")]
        addresses = [f"IP:{address}" for address in (self.address, self.first_service, "127.0.0.1")]
        subject = "/O=system:masters/CN=kube-apiserver"
        return self.authority.issue("kube-apiserver", subject, [*names, *addresses])

    @property
    def administrator(self) -> Pair:
        """The certificate of a client with all rights."""
        return self.authority.issue("administrator", "/O=system:masters/CN=administrator")

    @property
    def service_accounts(self) -> Pair:
        """The key that signs the tokens of service accounts, and the certificate that checks them."""
        return self.authority.issue("service-accounts", "/CN=service-accounts")

    def api(self) -> Api:
        """A client with all rights."""
        return Api(self.url, self.authority.pair.certificate, self.administrator)

    def prepare(self) -> None:
        """Writes the kubeconfig. Certificates are made when they are first used."""
        certificates.kubeconfig(self.kubeconfig, self.url, self.authority.pair.certificate, self.administrator)

    def client_file(self, name: str, subject: str) -> Path:
        """The kubeconfig of a component, with its own certificate."""
        pair = self.authority.issue(name, subject)
        path = self.folder / "certificates" / f"{name}.kubeconfig"
        return certificates.kubeconfig(path, self.url, self.authority.pair.certificate, pair)

    def commands(self) -> dict[str, list[str]]:
        """The command lines of etcd and of the API server, by name."""
        return {"etcd": self.etcd(), "kube-apiserver": self.api_server()}

    def etcd(self) -> list[str]:
        """Etcd's command line. It accepts only clients with a certificate."""
        url = f"https://{self.address}:{self.etcd_port}"
        # There is no other member, so the port and the advertised address do not matter.
        peer = "https://127.0.0.1:0"
        pair, signer = self.server, self.authority.pair.certificate
        tls = (f"cert-file={pair.certificate}", f"key-file={pair.key}", f"trusted-ca-file={signer}")
        return [
            str(debian.command("etcd", "etcd-server")),
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
        """The API server's command line, with node and RBAC authorization."""
        pair, signer = self.server, self.authority.pair.certificate
        accounts = self.service_accounts
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
        ]

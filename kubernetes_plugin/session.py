"""What every operation of one configured provider shares."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from kubernetes_plugin import kubeconfig
from kubernetes_plugin.cluster import Cluster
from kubernetes_plugin.connection import Connection
from kubernetes_plugin.engine_log import EngineLog
from kubernetes_plugin.errors import ApiError, UnreachableError
from kubernetes_plugin.kubeconfig import KubeconfigError
from kubernetes_plugin.settings import Settings
from kubernetes_plugin.tokens import Kind

# Kinds without a namespace, for when the API server cannot be asked.
CLUSTER_WIDE = frozenset(
    "APIService CSIDriver CSINode CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle "
    "ComponentStatus CustomResourceDefinition DeviceClass FlowSchema IPAddress IngressClass "
    "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node "
    "PersistentVolume PriorityClass PriorityLevelConfiguration RuntimeClass ServiceCIDR StorageClass "
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment "
    "VolumeAttributesClass".split()
)


class Session:
    """Settings, the API server and the engine's log. The connection is made while the engine does other things."""

    def __init__(self, settings: Settings, log: EngineLog, cancelled: threading.Event) -> None:
        self.settings = settings
        self.log = log
        self.cancelled = cancelled
        self._connected: Future[Cluster] = ThreadPoolExecutor(1, "connect").submit(_connect, settings)

    @property
    def cluster(self) -> Cluster:
        """The API server; raises ``UnreachableError`` with the reason."""
        try:
            return self._connected.result()
        except (KubeconfigError, ApiError) as error:
            raise UnreachableError(str(error)) from error

    @property
    def unreachable(self) -> str:
        """Why the API server cannot be asked; empty if it can."""
        try:
            self._connected.result()
        except (KubeconfigError, ApiError, UnreachableError) as error:
            return str(error)
        return ""

    @property
    def default_namespace(self) -> str:
        """For objects that name none; known without asking the API server."""
        try:
            return self.settings.namespace or kubeconfig.namespace(kubeconfig.load(self.settings))
        except KubeconfigError:
            return "default"

    def namespaced(self, kind: Kind) -> bool:
        """Whether a kind lives in namespaces, by the API server's word or by what is known of Kubernetes' own kinds.

        Raises ``errors.NoSuchKindError`` if the API server answers and knows no such kind.
        """
        return kind.name not in CLUSTER_WIDE if self.unreachable else self.cluster.namespaced(kind)


def _connect(settings: Settings) -> Cluster:
    cluster = Cluster(Connection(settings))
    cluster.version()
    return cluster

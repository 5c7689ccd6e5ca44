"""The settings of the Kubernetes backend, named as Kubernetes and its users name them."""

from typing import Any, NotRequired, TypedDict


class StorageArgs(TypedDict):
    """The persistent volume of each server."""

    size: NotRequired[str]
    """How much each server's claim asks for. It may grow later without any restart, if the StorageClass lets volumes
    grow; a smaller one is refused."""
    storage_class: NotRequired[str]
    """The StorageClass. Default: that of the Kubernetes cluster. Refused on a living cluster."""


class ResourcesArgs(TypedDict):
    """What a container is promised and what it may take at most."""

    requests: NotRequired[dict[str, str]]
    """Quantities by resource: `{cpu: 100m, memory: 256Mi}`."""
    limits: NotRequired[dict[str, str]]
    """Likewise. A limit of cpu makes elections likelier, one of memory protects the node."""


class IngressArgs(TypedDict):
    """An Ingress before the UI."""

    host: str
    """The host name that browsers ask for."""
    class_name: NotRequired[str]
    """The IngressClass. Default: that of the Kubernetes cluster."""
    tls_secret: NotRequired[str]
    """Name of a Secret in the namespace with the certificate for `host`. Default: no TLS."""
    annotations: NotRequired[dict[str, str]]
    """Annotations that the controller reads."""


class UiArgs(TypedDict):
    """How browsers get to the UI."""

    type: NotRequired[str]
    """Type of the Service. To `ClusterIP` leads `kubectl port-forward` or an Ingress, to the others an address of their
    own."""
    node_port: NotRequired[int]
    """With NodePort: the port on every node. Default: chosen by Kubernetes."""
    host: NotRequired[str]
    """With NodePort: name or address of a node at which browsers are, for `ui_urls`."""
    source_ranges: NotRequired[list[str]]
    """With LoadBalancer: the networks, in CIDR notation, that may connect. Default: all."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of the Service, such as a cloud's load balancer reads."""
    ingress: NotRequired[IngressArgs]
    """An Ingress before the Service. Default: none."""


class NetworkPolicyArgs(TypedDict):
    """Who may connect to an agent, where the network of the Kubernetes cluster enforces policies."""

    enabled: NotRequired[bool]
    """Whether there is a policy at all: Raft and gossip for agents alone, HTTP, gRPC and DNS for the namespace."""
    peers: NotRequired[list[dict[str, Any]]]
    """Who beside the namespace may use HTTP, gRPC and DNS, as NetworkPolicyPeer in Kubernetes' own spelling:
    `[{namespaceSelector: {matchLabels: {team: shop}}}]`."""


class KubernetesArgs(TypedDict):
    """A namespace, in it one StatefulSet of servers and the clients beside it."""

    namespace: NotRequired[str]
    """Name of an existing namespace. A cluster without one makes its own, called like the cluster, and takes it away
    at the end; a tier alone needs one. Refused on a living cluster."""
    context: NotRequired[str]
    """Context of the kubeconfig. Default: the current one. Another way to the same Kubernetes cluster touches no pod;
    another Kubernetes cluster replaces every object, and their data is lost."""
    kubeconfig: NotRequired[str]
    """Path of the kubeconfig. Default: `$KUBECONFIG`, else `~/.kube/config`. A change is like one of `context`."""
    consul_access: NotRequired[str]
    """How the program asks the servers, each by itself: `port-forward` or `proxy`, both through the API server; `auto`
    forwards ports, and goes by the proxy where the API server forwards none; or a URL with `{pod}` in it, such as
    `http://{pod}.consul.example.com:8500`. A change touches no pod."""
    storage: NotRequired[StorageArgs]
    """The persistent volume of each server."""
    retain_data: NotRequired[bool]
    """Whether the servers' volumes outlive `pulumi destroy`, to be found again by the next `up`. It needs a
    `namespace` of yours, since the cluster's own goes with all that is in it. A change touches no pod."""
    resources: NotRequired[ResourcesArgs]
    """Of each server. They replace the default whole. A change rolls the servers."""
    client_resources: NotRequired[ResourcesArgs]
    """Of each client. They replace the default whole. A change rolls the clients."""
    clients: NotRequired[str]
    """How clients run: `Deployment`, as many as `clients` of the cluster says; or `DaemonSet`, one on each node, for
    which `clients` of the cluster is 1. A change replaces all clients."""
    ui: NotRequired[UiArgs]
    """How browsers get to the UI. A change touches no pod."""
    spread: NotRequired[str]
    """Over nodes: `soft` puts no two agents of a tier on one node while there are others, `hard` never does. Zones are
    always evened out softly. A change rolls every agent."""
    tolerations: NotRequired[list[dict[str, Any]]]
    """Taints that every agent tolerates, in Kubernetes' own spelling. A change rolls every agent."""
    node_selector: NotRequired[dict[str, str]]
    """Labels that a node must have to run an agent. A change rolls every agent; volumes that are tied to a node or a
    zone do not follow."""
    priority_class: NotRequired[str]
    """PriorityClass of every agent. Default: none. A change rolls every agent."""
    image_pull_secrets: NotRequired[list[str]]
    """Names of Secrets in the namespace with credentials for the image's registry. A change rolls every agent."""
    network_policy: NotRequired[NetworkPolicyArgs]
    """Who may connect to an agent. A change touches no pod."""
    labels: NotRequired[dict[str, str]]
    """Labels of every object and every pod, beside the recommended ones. A change rolls every agent."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of every pod. A change rolls every agent."""

"""The settings of the Kubernetes backend, named as Kubernetes and its users name them."""

from typing import Any, NotRequired, TypedDict


class StorageArgs(TypedDict):
    """The persistent volume of each server."""

    size: NotRequired[str]
    """How much each server's claim asks for. Default 10Gi; may grow later without any restart, never shrink."""
    storage_class: NotRequired[str]
    """The StorageClass. Default: that of the Kubernetes cluster; fixed once the Consul cluster exists."""


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
    """Type of the Service: ClusterIP (default; `kubectl port-forward` leads to it), NodePort or LoadBalancer."""
    node_port: NotRequired[int]
    """With NodePort: the port on every node, 30000 to 32767. Default: chosen by Kubernetes."""
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
    """Whether there is a policy at all. Default true: Raft and gossip are for agents alone, HTTP and DNS for the
    namespace."""
    peers: NotRequired[list[dict[str, Any]]]
    """Who beside the namespace may use HTTP, gRPC and DNS, as NetworkPolicyPeer in Kubernetes' own spelling:
    `[{namespaceSelector: {matchLabels: {team: shop}}}]`."""


class KubernetesArgs(TypedDict):
    """A namespace, in it one StatefulSet of servers and the clients beside it."""

    namespace: NotRequired[str]
    """Name of an existing namespace. A cluster without one makes its own, called like the cluster, and takes it away
    at the end; a tier alone needs one."""
    context: NotRequired[str]
    """Context of the kubeconfig. Default: the current one."""
    kubeconfig: NotRequired[str]
    """Path of the kubeconfig. Default: `$KUBECONFIG`, else `~/.kube/config`."""
    reach: NotRequired[str]
    """How the program asks the servers, each by itself: `port-forward` or `proxy`, both through the API server; `auto`
    (default), which forwards ports and goes by the proxy where the API server forwards none; or a URL with `{pod}` in
    it, such as `http://{pod}.consul.example.com:8500`."""
    storage: NotRequired[StorageArgs]
    """The persistent volume of each server."""
    keep_data: NotRequired[bool]
    """Whether the servers' volumes outlive `pulumi destroy`, to be found again by the next `up`. Default false; needs a
    `namespace` of yours, since the cluster's own goes with all that is in it."""
    resources: NotRequired[ResourcesArgs]
    """Of each server. Default: requests of 100m and 256Mi, a memory limit of 1Gi."""
    client_resources: NotRequired[ResourcesArgs]
    """Of each client. Default: requests of 50m and 64Mi, a memory limit of 256Mi."""
    clients: NotRequired[str]
    """How clients run: `Deployment` (default), as many as `clients` says; or `DaemonSet`, one on each node."""
    ui: NotRequired[UiArgs]
    """How browsers get to the UI."""
    spread: NotRequired[str]
    """Over nodes: `soft` (default) puts no two servers on one node while there are others; `hard` never does."""
    tolerations: NotRequired[list[dict[str, Any]]]
    """Taints that every agent tolerates, in Kubernetes' own spelling."""
    node_selector: NotRequired[dict[str, str]]
    """Labels that a node must have to run an agent."""
    priority_class: NotRequired[str]
    """PriorityClass of every agent. Default: none."""
    image_pull_secrets: NotRequired[list[str]]
    """Names of Secrets in the namespace with credentials for the image's registry."""
    network_policy: NotRequired[NetworkPolicyArgs]
    """Who may connect to an agent."""
    labels: NotRequired[dict[str, str]]
    """Labels of every object and every pod, beside the recommended ones."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of every pod."""

"""The settings of the Kubernetes platform, named as Kubernetes and its users name them."""

from typing import Annotated, Any, Required, TypedDict

import pulumi

from consul_on_pulumi.platforms.kubernetes import refusals, structures, syntax
from consul_on_pulumi.schema.definition import Rule, Setting
from consul_on_pulumi.schema.rules import between, one_of

ROLLS_EVERY_AGENT = "Rolls every agent."
NOT_EMPTY = Rule(expected="a text, or no such setting", accepts=lambda text: bool(text.strip()))
"""An empty one would mean the current cluster of the machine, whatever the program meant."""
TOUCHES_NO_POD = "No pod is touched."


# fmt: off
# A setting is a row of a table: easier to read than a line for each argument.
class StorageArgs(TypedDict, total=False):
    """The persistent volume of each server."""

    size: Annotated[pulumi.Input[str], Setting(
        "How much each server's claim requests.",
        "Grows the claims without a restart, if the StorageClass allows it. A smaller size is refused.", default="10Gi",
        rule=syntax.QUANTITY)]
    storage_class: Annotated[pulumi.Input[str], Setting(
        "The StorageClass.", "Refused.", default_text="that of the Kubernetes cluster", rule=syntax.OBJECT_NAME)]


class ResourcesArgs(TypedDict, total=False):
    """What a container requests and what it may use at most."""

    requests: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Quantities by resource: `{cpu: 100m, memory: 256Mi}`.", problems=syntax.quantities)]
    limits: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Quantities by resource. A limit of cpu makes elections likelier, one of memory protects the node.",
        problems=syntax.quantities)]


class IngressArgs(TypedDict, total=False):
    """An Ingress before the UI."""

    host: Required[Annotated[pulumi.Input[str], Setting("The host name that browsers use.", rule=syntax.OBJECT_NAME)]]
    class_name: Annotated[pulumi.Input[str], Setting(
        "The IngressClass.", default_text="that of the Kubernetes cluster", rule=syntax.OBJECT_NAME)]
    tls_secret: Annotated[pulumi.Input[str], Setting(
        "Name of a Secret in the namespace with the certificate for `host`. In a closed cluster people log in with a "
        "token, so a preview warns where it is missing.", default_text="no TLS", rule=syntax.OBJECT_NAME)]
    annotations: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Annotations that the controller reads. A closed cluster serves the UI by HTTPS, which some controllers have "
        "to be told: ingress-nginx with `nginx.ingress.kubernetes.io/backend-protocol: HTTPS`.", default={},
        problems=syntax.annotations)]


class UiArgs(TypedDict, total=False):
    """How browsers reach the UI."""

    type: Annotated[str, Setting(
        "Type of the Service. `ClusterIP` is reached by `kubectl port-forward` or an Ingress; the others have an "
        "address of their own.", default="ClusterIP", rule=one_of(*refusals.SERVICE_TYPES))]
    node_port: Annotated[pulumi.Input[int], Setting(
        "With NodePort: the port on every node.", default_text="chosen by Kubernetes", rule=between(30000, 32767))]
    host: Annotated[pulumi.Input[str], Setting(
        "With NodePort: name or address of a node that browsers reach, for `ui_urls`.", rule=syntax.HOST)]
    source_ranges: Annotated[list[pulumi.Input[str]], Setting(
        "With LoadBalancer: the networks, in CIDR notation, that may connect.", default_text="all",
        problems=syntax.network)]
    annotations: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Annotations of the Service, such as a cloud's load balancer reads.", default={}, problems=syntax.annotations)]
    ingress: Annotated[IngressArgs, Setting("An Ingress before the Service.", default_text="none")]


class NetworkPolicyArgs(TypedDict, total=False):
    """Who may connect to an agent, where the network of the Kubernetes cluster enforces policies."""

    enabled: Annotated[bool, Setting(
        "Whether there is a policy: Raft and gossip for agents alone; HTTP, gRPC and DNS for the namespace.",
        default=True)]
    peers: Annotated[list[pulumi.Input[dict[str, Any]]], Setting(
        "Who besides the namespace may use HTTP, gRPC and DNS, each a NetworkPolicyPeer in Kubernetes' own "
        "spelling: `[{namespaceSelector: {matchLabels: {team: shop}}}]`. What runs on the network of its node, as some "
        "ingress controllers do, is in no namespace here: `[{ipBlock: {cidr: 10.0.0.0/16}}]` with the addresses of the "
        "nodes.", default=[], problems=structures.peer)]


class CertificatesArgs(TypedDict, total=False):
    """Names of Secrets with `tls.crt`, `tls.key` and `ca.crt`, as cert-manager makes them."""

    servers: Required[Annotated[pulumi.Input[str], Setting(
        "The Secret of the servers. Its certificate has the name `server.DATACENTER.consul`.", ROLLS_EVERY_AGENT,
        rule=syntax.OBJECT_NAME)]]
    clients: Annotated[pulumi.Input[str], Setting(
        "The Secret of the clients. Its certificate lacks that name.", "Rolls the clients.",
        default_text="required with clients", rule=syntax.OBJECT_NAME)]


class KubernetesArgs(TypedDict, total=False):
    """A namespace with one StatefulSet of servers, and the clients beside it."""

    namespace: Annotated[pulumi.Input[str], Setting(
        "Name of an existing namespace. Required for a tier alone.", "Refused.",
        default_text="the cluster creates one with its own name, and deletes it at the end", rule=syntax.LABEL_NAME)]
    context: Annotated[pulumi.Input[str], Setting(
        "Context of the kubeconfig.",
        "Another context of the same Kubernetes cluster touches no pod. Another Kubernetes cluster replaces every "
        "object, and the data is lost.", default_text="the current one", rule=NOT_EMPTY)]
    kubeconfig: Annotated[pulumi.Input[str], Setting(
        "Path of the kubeconfig, or its content, such as the output of a resource that makes the Kubernetes cluster. "
        "A `kubernetes.Provider` that the component gets comes before it.",
        "Like a change of `context`.", default_text="`$KUBECONFIG`, else `~/.kube/config`", rule=NOT_EMPTY)]
    consul_access: Annotated[str, Setting(
        "How the program reaches each server: `port-forward` or `proxy`, both through the API server; `auto` "
        "forwards ports, and uses the proxy where the API server forwards none; or a URL with `{pod}` in it that leads "
        "to the agent itself, such as `https://{pod}.consul.example.com:8501`; that of an open cluster has `http` and "
        "8500.", TOUCHES_NO_POD, default="auto",
        problems=refusals.consul_access_problems)]
    storage: Annotated[StorageArgs, Setting("The persistent volume of each server.", default={})]
    retain_data: Annotated[bool, Setting(
        "Whether the servers' volumes stay after `pulumi destroy`, and the next `up` uses them again. It needs an "
        "existing `namespace`: the cluster's own is deleted with everything in it.", TOUCHES_NO_POD, default=False)]
    resources: Annotated[ResourcesArgs, Setting(
        "Of each server. They replace the whole default.", "Rolls the servers.",
        default={"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        problems=refusals.resources_problems)]
    client_resources: Annotated[ResourcesArgs, Setting(
        "Of each client. They replace the whole default.", "Rolls the clients.",
        default={"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        problems=refusals.resources_problems)]
    clients: Annotated[str, Setting(
        "How clients run: `Deployment`, as many as `clients` of the cluster says; or `DaemonSet`, one on each node, "
        "for which `clients` of the cluster is 1.", "Replaces all clients.", default="Deployment",
        rule=one_of("Deployment", "DaemonSet"))]
    ui: Annotated[UiArgs, Setting(
        "How browsers reach the UI.", TOUCHES_NO_POD, default={}, problems=refusals.ui_problems)]
    spread: Annotated[str, Setting(
        "Over nodes: `soft` puts no two agents of a tier on one node while there are others, `hard` never does. "
        "Zones are always balanced softly.", ROLLS_EVERY_AGENT, default="soft", rule=one_of("soft", "hard"))]
    tolerations: Annotated[list[pulumi.Input[dict[str, Any]]], Setting(
        "Taints that every agent tolerates, in Kubernetes' own spelling.", ROLLS_EVERY_AGENT,
        problems=structures.toleration)]
    node_selector: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Labels that a node must have to run an agent.",
        "Rolls every agent; volumes that are bound to a node or a zone do not follow.", problems=syntax.labels)]
    priority_class: Annotated[pulumi.Input[str], Setting(
        "PriorityClass of every agent.", ROLLS_EVERY_AGENT, default_text="none", rule=syntax.OBJECT_NAME)]
    image_pull_secrets: Annotated[list[pulumi.Input[str]], Setting(
        "Names of Secrets in the namespace with credentials for the image's registry.", ROLLS_EVERY_AGENT,
        problems=syntax.object_name)]
    certificates: Annotated[CertificatesArgs, Setting(
        "Secrets with the certificates of a closed cluster, which cert-manager or something else makes and renews. "
        "Agents load what is renewed, without a restart and without this program. Needs an existing `namespace`.",
        ROLLS_EVERY_AGENT, default_text="the program generates certificates")]
    network_policy: Annotated[NetworkPolicyArgs, Setting("Who may connect to an agent.", TOUCHES_NO_POD, default={})]
    labels: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Labels of every object and every pod, beside the recommended ones.", ROLLS_EVERY_AGENT, default={},
        problems=syntax.labels)]
    annotations: Annotated[dict[str, pulumi.Input[str]], Setting(
        "Annotations of every pod.", ROLLS_EVERY_AGENT, default={}, problems=syntax.annotations)]

"""What is refused in the settings of the Kubernetes backend, with path, value and fix."""

from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulClientArgs
from consul_on_pulumi.settings.refusals import cluster_problems, tier_args

DNS_NAME = "expected lower-case letters, digits, inner hyphens and dots, at most 253 characters"
LABEL = "expected at most 63 letters, digits and inner -_., as text"
RESOURCE = "expected cpu, memory, ephemeral-storage, hugepages-2Mi, or a name with its domain such as example.com/gpu"
DELAYS = "only with effect NoExecute, which it delays: set that, or leave it out"
URL = "expected a URL such as https://{pod}.consul.example.com:8501"
HOST = "expected a host name or an address, without scheme and port"
KEY = "expected a key such as team or example.com/team"


def problems(wanted_clients: int = 0, **settings: Any) -> list[str]:
    found, *_ = cluster_problems({"clients": wanted_clients, "platform": {"kubernetes": settings}})
    return [f"p.{one.removeprefix('cluster.platform.')}" for one in found]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {"namespace": "Shop"},
            "namespace: expected lower-case letters, digits and inner hyphens, at most 63 characters, got 'Shop'",
        ),
        ({"priority_class": "very_high"}, f"priority_class: {DNS_NAME}, got 'very_high'"),
        ({"image_pull_secrets": ["ok", "Not"]}, f"image_pull_secrets[1]: {DNS_NAME}, got 'Not'"),
        ({"storage": {"storage_class": "Fast SSD"}}, f"storage.storage_class: {DNS_NAME}, got 'Fast SSD'"),
        ({"storage": {"size": "10 GB"}}, "storage.size: expected a quantity such as 500m or 10Gi, got '10 GB'"),
        ({"storage": {"size": "0"}}, "storage.size: expected a quantity such as 500m or 10Gi, got '0'"),
        ({"clients": "Pod"}, "clients: expected Deployment or DaemonSet, got 'Pod'"),
        ({"spread": "wide"}, "spread: expected soft or hard, got 'wide'"),
        (
            {"consul_access": "ssh"},
            "consul_access: expected auto, port-forward, proxy or a URL with {pod} in it, got 'ssh'",
        ),
        (
            {"consul_access": "http://consul.lan:8500"},
            "consul_access: expected {pod} in the URL, since each server is asked by itself, got 'http://consul.lan:8500'",
        ),
        (
            {"consul_access": "http://{pod}.{zone}.lan"},
            "consul_access: expected no other braces than {pod}, got 'http://{pod}.{zone}.lan'",
        ),
        (
            {"retain_data": True},
            "retain_data: needs an existing `namespace`: the cluster's own is deleted with all that is in it",
        ),
        (
            {"resources": {"requests": {"cpu": "half"}}},
            "resources.requests.cpu: expected a quantity such as 500m or 10Gi, got 'half'",
        ),
        (
            {"client_resources": {"limits": {"memory": 256}}},
            "client_resources.limits.memory: expected text, got 256",
        ),
        (
            {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}},
            "resources.requests.memory: expected at most the limit of 1Gi, got 2Gi",
        ),
        ({"ui": {"type": "Public"}}, "ui.type: expected ClusterIP, NodePort or LoadBalancer, got 'Public'"),
        (
            {"ui": {"type": "NodePort"}},
            "ui.host: required with type NodePort, give the name or address of a node that browsers reach",
        ),
        (
            {"ui": {"node_port": 30080}},
            "ui.node_port: only for type NodePort, got type ClusterIP: drop one of the two",
        ),
        ({"ui": {"type": "NodePort", "host": ""}}, f"ui.host: {HOST}, got ''"),
        ({"ui": {"type": "NodePort", "host": "http://a"}}, f"ui.host: {HOST}, got 'http://a'"),
        ({"ui": {"type": "NodePort", "host": "a:80"}}, f"ui.host: {HOST}, got 'a:80'"),
        (
            {"ui": {"type": "NodePort", "host": "a", "node_port": 8080}},
            "ui.node_port: expected 30000 to 32767, got 8080",
        ),
        (
            {"ui": {"type": "ClusterIP", "source_ranges": ["10.0.0.0/8"]}},
            "ui.source_ranges: only for type LoadBalancer, got type ClusterIP: drop one of the two",
        ),
        (
            {"ui": {"type": "LoadBalancer", "source_ranges": ["10.0.0.1/8"]}},
            "ui.source_ranges[0]: expected a network such as 10.0.0.0/8, got '10.0.0.1/8'",
        ),
        ({"ui": {"ingress": {}}}, "ui.ingress.host: required"),
        ({"ui": {"ingress": {"host": "UI"}}}, f"ui.ingress.host: {DNS_NAME}, got 'UI'"),
        ({"ui": {"annotations": {"a": 1}}}, "ui.annotations.a: expected text, got 1"),
        ({"labels": {"team": "a b"}}, f"labels.team: {LABEL}, got 'a b'"),
        ({"labels": {"count": 3}}, "labels.count: expected text, got 3"),
        ({"labels": {"a/b/c": "x"}}, f"labels: {KEY}, got 'a/b/c'"),
        (
            {"labels": {"app.kubernetes.io/name": "x"}},
            "labels.app.kubernetes.io/name: set by the program, take another key",
        ),
        ({"annotations": {"-x": "y"}}, f"annotations: {KEY}, got '-x'"),
        ({"node_selector": {"disk": ["ssd"]}}, "node_selector.disk: expected text, got ['ssd']"),
        (
            {"tolerations": ["dedicated"]},
            "tolerations[0]: expected a map, got 'dedicated'",
        ),
        (
            {"tolerations": [{"key": "a", "effect": "Never"}]},
            "tolerations[0].effect: expected NoSchedule, PreferNoSchedule, NoExecute, got 'Never'",
        ),
        ({"tolerations": [{"operator": "Equal"}]}, "tolerations[0].key: required with operator Equal"),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
            "tolerations[0].value: not with operator Exists, drop one of the two",
        ),
        (
            {"tolerations": [{"key": "a", "toleration_seconds": 3}]},
            "tolerations[0].toleration_seconds: unknown, expected effect, key, operator, tolerationSeconds, value",
        ),
        (
            {"network_policy": {"peers": [{"namespace": "shop"}]}},
            "network_policy.peers[0].namespace: unknown, expected ipBlock, namespaceSelector, podSelector",
        ),
        (
            {"network_policy": {"peers": [{}]}},
            "network_policy.peers[0]: expected a map with ipBlock, namespaceSelector, podSelector, got {}",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}},
            "network_policy.peers[0].ipBlock: not beside a selector, make two peers of it",
        ),
        (
            {"resources": {"requests": {"memroy": "256Mi"}}},
            f"resources.requests.memroy: {RESOURCE}, did you mean memory?",
        ),
        ({"client_resources": {"limits": {"disk": "1"}}}, f"client_resources.limits.disk: {RESOURCE}"),
        ({"resources": {"limits": {"hugepages-": "1"}}}, f"resources.limits.hugepages-: {RESOURCE}"),
        ({"resources": {"limits": {"a b/gpu": "1"}}}, f"resources.limits: {KEY}, got 'a b/gpu'"),
        (
            {"resources": {"limits": {"cpu": "1e99999999"}}},
            "resources.limits.cpu: expected a quantity such as 500m or 10Gi, got '1e99999999'",
        ),
        (
            {"tolerations": [{"key": "dedicated", "value": True}]},
            "tolerations[0].value: expected text, got True, put it in quotes",
        ),
        ({"tolerations": [{"key": 1, "value": "2"}]}, "tolerations[0].key: expected text, got 1, put it in quotes"),
        ({"tolerations": [{"key": "a b", "operator": "Exists"}]}, f"tolerations[0].key: {KEY}, got 'a b'"),
        ({"tolerations": [{"key": "a", "value": "b c"}]}, f"tolerations[0].value: {LABEL}, got 'b c'"),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 60}]},
            f"tolerations[0].tolerationSeconds: {DELAYS}",
        ),
        (
            {"tolerations": [{"operator": "Exists", "tolerationSeconds": 60}]},
            f"tolerations[0].tolerationSeconds: {DELAYS}",
        ),
        (
            {"tolerations": [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "60"}]},
            "tolerations[0].tolerationSeconds: expected a whole number, got '60'",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": "10.0.0.0/8"}]}},
            "network_policy.peers[0].ipBlock: expected a map such as {cidr: 10.0.0.0/8}, got '10.0.0.0/8'",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.1"}}]}},
            "network_policy.peers[0].ipBlock.cidr: expected a network such as 10.0.0.0/8, got '10.0.0.1'",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {}}]}},
            "network_policy.peers[0].ipBlock.cidr: expected a network such as 10.0.0.0/8, got None",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]}},
            "network_policy.peers[0].ipBlock.except[0]: expected a part of 10.0.0.0/8, got '11.0.0.0/16'",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fd00::/64"]}}]}},
            "network_policy.peers[0].ipBlock.except[0]: expected a part of 10.0.0.0/8, got 'fd00::/64'",
        ),
        (
            {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": "10.1.0.0/16"}}]}},
            "network_policy.peers[0].ipBlock.except: expected a list, got '10.1.0.0/16'",
        ),
        (
            {"network_policy": {"peers": [{"namespaceSelector": {"team": "shop"}}]}},
            "network_policy.peers[0].namespaceSelector.team: unknown, expected labels below matchLabels: "
            "`{matchLabels: {team: shop}}`",
        ),
        (
            {"network_policy": {"peers": [{"podSelector": {"matchLabels": {"tier": 1}}}]}},
            "network_policy.peers[0].podSelector.matchLabels.tier: expected text, got 1, put it in quotes",
        ),
        (
            {"network_policy": {"peers": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]}},
            "network_policy.peers[0].podSelector.matchExpressions[0].values: "
            "expected a list of texts with operator In, got []",
        ),
        (
            {"ui": {"type": "LoadBalancer", "source_ranges": ["10.0.0.1"]}},
            "ui.source_ranges[0]: expected a network such as 10.0.0.0/8, got '10.0.0.1'",
        ),
        (
            {"consul_access": "https://{pod}/{pod.foo}"},
            "consul_access: expected no other braces than {pod}, got 'https://{pod}/{pod.foo}'",
        ),
        ({"consul_access": "https://[{pod}"}, f"consul_access: {URL}, got 'https://[{{pod}}'"),
        ({"consul_access": "https://{pod}:https"}, f"consul_access: {URL}, got 'https://{{pod}}:https'"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_what_makes_no_objects_is_refused(wrong: dict[str, Any], problem: str) -> None:
    assert problems(**wrong) == [f"p.kubernetes.{problem}"]


def test_everything_is_told_at_once() -> None:
    assert len(problems(clients="Pod", spread="wide", retain_data=True, ui={"type": "NodePort"})) == 4


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"tolerations": ["x", {"operator": "Maybe"}]},
            [
                "tolerations[0]: expected a map, got 'x'",
                "tolerations[1].operator: expected Equal or Exists, got 'Maybe'",
            ],
        ),
        (
            {"image_pull_secrets": [3, "ok", "Not"]},
            ["image_pull_secrets[0]: expected text, got 3", f"image_pull_secrets[2]: {DNS_NAME}, got 'Not'"],
        ),
        (
            {"ui": {"type": "LoadBalancer", "source_ranges": [3, "lan"]}},
            [
                "ui.source_ranges[0]: expected text, got 3",
                "ui.source_ranges[1]: expected a network such as 10.0.0.0/8, got 'lan'",
            ],
        ),
        (
            {"network_policy": {"peers": ["x", {}]}},
            [
                "network_policy.peers[0]: expected a map, got 'x'",
                "network_policy.peers[1]: expected a map with ipBlock, namespaceSelector, podSelector, got {}",
            ],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bug_each_problem_of_a_list_names_its_own_element(settings: dict[str, Any], expected: list[str]) -> None:
    assert problems(**settings) == [f"p.kubernetes.{one}" for one in expected]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"ui": {"type": "Nodeport", "host": "a", "node_port": 30080}},
            "ui.type: expected ClusterIP, NodePort or LoadBalancer, got 'Nodeport', did you mean NodePort?",
        ),
        ({"ui": {"type": "NodePort", "host": 4}}, "ui.host: expected text, got 4"),
        (
            {"namespace": "Shop", "retain_data": True},
            "namespace: expected lower-case letters, digits and inner hyphens, at most 63 characters, got 'Shop'",
        ),
    ],
    ids=["another default", "required with another", "needed by another"],
)
def test_bug_a_refused_setting_does_not_count_as_missing(settings: dict[str, Any], problem: str) -> None:
    assert problems(**settings) == [f"p.kubernetes.{problem}"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"namespace": "shop", "retain_data": True},
        {"consul_access": "https://{pod}.consul.example.com:8501"},
        {"ui": {"type": "NodePort", "host": "10.0.0.5", "node_port": 32767}},
        {"ui": {"type": "NodePort", "host": "fd00::1"}},
        {"ui": {"type": "NodePort", "host": "[fd00::1]"}},
        {"ui": {"type": "NodePort", "host": "Node_1.lan"}},
        {"ui": {"type": "LoadBalancer", "source_ranges": ["10.0.0.0/8", "fd00::/8"]}},
        {"ui": {"ingress": {"host": "consul.example.com"}}},
        {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoSchedule"}]},
        {"node_selector": {"kubernetes.io/os": "linux", "app.kubernetes.io/pool": "a"}},
        {"labels": {"team": "", "example.com/cost-center": "A_1.b"}},
        {"network_policy": {"enabled": False, "peers": [{"podSelector": {}, "namespaceSelector": {}}]}},
        {"resources": {"requests": {"cpu": "0.5", "memory": "1e9"}, "limits": {"cpu": "2"}}},
        {"resources": {"limits": {"example.com/gpu": "1", "hugepages-2Mi": "4Mi", "ephemeral-storage": "1Gi"}}},
        {"tolerations": [{"key": "a.b/c", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]},
        {"tolerations": [{"key": "a", "value": ""}]},
        {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}},
        {"network_policy": {"peers": [{"ipBlock": {"cidr": "10.0.0.1/32"}}, {"ipBlock": {"cidr": "fd00::/8"}}]}},
        {
            "network_policy": {
                "peers": [
                    {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
                    {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}},
                    {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
                ]
            }
        },
    ],
    ids=str,
)
def test_what_kubernetes_accepts_is_accepted(settings: dict[str, Any]) -> None:
    assert problems(**settings) == []


@pytest.mark.parametrize(
    ("platform", "problem"),
    [
        ({"kubernetes": {"namepsace": "shop"}}, "kubernetes.namepsace: unknown setting, did you mean namespace?"),
        ({"kubernetes": {"storage": {"sise": "1Gi"}}}, "kubernetes.storage.sise: unknown setting, did you mean size?"),
        ({"kubernetes": {"ui": {"ingress": {}}}}, "kubernetes.ui.ingress.host: required"),
        ({"kubernetes": {"tolerations": "all"}}, "kubernetes.tolerations: expected a list, got 'all'"),
        ({"kubernetes": {"retain_data": "yes"}}, "kubernetes.retain_data: expected true or false, got 'yes'"),
        ({"kubernetes": 3}, "kubernetes: expected a map, got 3"),
    ],
    ids=str,
)
def test_a_stack_file_is_checked_for_its_shape_down_to_the_last_map(platform: dict[str, Any], problem: str) -> None:
    found, *_ = cluster_problems({"platform": platform})

    assert found == [f"cluster.platform.{problem}"]


@pytest.mark.parametrize("wanted", [2, 5])
def test_bug_a_number_of_clients_that_a_daemon_set_would_not_make_is_refused(wanted: int) -> None:
    assert problems(wanted, clients="DaemonSet") == [
        f"p.kubernetes.clients: DaemonSet needs 1 client, which is one on each node, or 0 for none, got {wanted}: "
        "set it to 1, or use Deployment"
    ]


@pytest.mark.parametrize(("wanted", "kind"), [(0, "DaemonSet"), (1, "DaemonSet"), (0, "Deployment"), (5, "Deployment")])
def test_a_number_of_clients_that_is_made_is_accepted(wanted: int, kind: str) -> None:
    assert problems(wanted, clients=kind) == []


def test_bug_a_client_tier_alone_is_refused_likewise() -> None:
    args = {"replicas": 5, "platform": {"kubernetes": {"namespace": "shop", "clients": "DaemonSet"}}}

    with pytest.raises(pulumi.RunError, match=r"client\.platform\.kubernetes\.clients: DaemonSet needs 1 client"):
        tier_args(args, ConsulClientArgs, "client", "clients")

"""The resources that the platform registers. Tests on a cluster show what Kubernetes does with them."""

import base64
import json
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulServer
from consul_on_pulumi.model.topology import Role, Topology
from consul_on_pulumi.platforms.contract import AgentGroup
from consul_on_pulumi.platforms.kubernetes.platform import KubernetesPlatform
from consul_on_pulumi.platforms.kubernetes.settings import KubernetesArgs
from consul_on_pulumi.schema.check import checked
from pulumi.runtime import rpc

from tests.recording import NODE_PORT, Build, Registration, build, client_args, cluster_args, server_args

SERVERS = {
    "app.kubernetes.io/name": "consul",
    "app.kubernetes.io/instance": "dev",
    "app.kubernetes.io/component": "server",
}
CLIENTS = SERVERS | {"app.kubernetes.io/component": "client"}
ON_KUBERNETES = {
    "consul": "consul-on-pulumi:index:ConsulCluster",
    "consul-autopilot": "pulumi-python:dynamic/consul-on-pulumi:Autopilot",
    "consul-identity": "pulumi-python:dynamic/consul-on-pulumi:ClusterIdentity",
    "consul-client": "consul-on-pulumi:index:ConsulClient",
    "consul-client-account": "kubernetes:core/v1:ServiceAccount",
    "consul-client-config": "kubernetes:core/v1:ConfigMap",
    "consul-client-deployment": "kubernetes:apps/v1:Deployment",
    "consul-client-dns": "kubernetes:core/v1:Service",
    "consul-client-http": "kubernetes:core/v1:Service",
    "consul-client-rollout": "pulumi-python:dynamic/consul-on-pulumi:ClientRollout",
    "consul-client-policy": "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "consul-client-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-server-ownership": "pulumi-python:dynamic/consul-on-pulumi:Ownership",
    "consul-namespace": "kubernetes:core/v1:Namespace",
    "consul-namespace-end": "pulumi-python:dynamic/consul-on-pulumi:NamespaceEnd",
    "consul-seeds": "pulumi-python:dynamic/consul-on-pulumi:KvEntries",
    "consul-server": "consul-on-pulumi:index:ConsulServer",
    "consul-server-account": "kubernetes:core/v1:ServiceAccount",
    "consul-server-budget": "kubernetes:policy/v1:PodDisruptionBudget",
    "consul-server-claims": "pulumi-python:dynamic/consul-on-pulumi:ClaimSize",
    "consul-server-config": "kubernetes:core/v1:ConfigMap",
    "consul-server-dns": "kubernetes:core/v1:Service",
    "consul-server-end": "pulumi-python:dynamic/consul-on-pulumi:PodsEnd",
    "consul-server-end-of-part": "pulumi-python:dynamic/consul-on-pulumi:PodsEnd",
    "consul-server-headless": "kubernetes:core/v1:Service",
    "consul-server-http": "kubernetes:core/v1:Service",
    "consul-server-policy": "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "consul-server-rollout": "pulumi-python:dynamic/consul-on-pulumi:ServerRollout",
    "consul-server-scale-down": "pulumi-python:dynamic/consul-on-pulumi:ScaleDown",
    "consul-server-stateful-set": "kubernetes:apps/v1:StatefulSet",
    "consul-server-version": "pulumi-python:dynamic/consul-on-pulumi:ConsulVersion",
    "consul-server-voters": "pulumi-python:dynamic/consul-on-pulumi:Voters",
    "consul-server-ui": "kubernetes:core/v1:Service",
}
"""Contract: another name or type is another resource. The names of ConfigMaps end with a digest."""


def cluster(
    settings: dict[str, Any] | None = None, computed: dict[str, dict[str, Any]] | None = None, **more: Any
) -> Build:
    args = cluster_args({"kubernetes": settings or {}}, **more)

    def program() -> dict[str, Any]:
        made = ConsulCluster("consul", args)
        return {"ui": made.ui_urls, "http": made.http_addresses}

    return build(program, computed=computed)


def config(seen: Build, tier: str = "consul-server") -> Registration:
    (found,) = [one for one in seen.of("ConfigMap") if one.parent == tier]
    return found


def pod(seen: Build, tier: str = "consul-server") -> dict[str, Any]:
    """The pod's spec."""
    (found,) = [one for one in seen.seen if one.parent == tier and "template" in one.inputs.get("spec", {})]
    spec: dict[str, Any] = found.inputs["spec"]["template"]["spec"]
    return spec


def container(seen: Build, tier: str = "consul-server") -> dict[str, Any]:
    (found,) = pod(seen, tier)["containers"]
    return dict(found)


@pytest.fixture(scope="module")
def three_and_one() -> Build:
    return cluster()


def test_three_servers_and_a_client_have_exactly_these_names_and_types(three_and_one: Build) -> None:
    def undigested(one: Registration) -> str:
        return one.name.rpartition("-")[0] if one.type.endswith(":ConfigMap") else one.name

    assert {undigested(one): one.type for one in three_and_one.seen} == ON_KUBERNETES
    assert len(three_and_one.seen) == len(ON_KUBERNETES)


def test_everything_is_in_the_clusters_own_namespace_with_the_restricted_standard(three_and_one: Build) -> None:
    namespace = three_and_one["consul-namespace"]
    objects = [one for one in three_and_one.seen if one.type.startswith("kubernetes:") and one is not namespace]

    assert namespace.inputs["metadata"]["name"] == "dev"
    for mode in ("enforce", "audit", "warn"):
        assert namespace.inputs["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"
    assert {one.inputs["metadata"]["namespace"] for one in objects} == {"dev"}
    assert all("consul-namespace" in one.depends_on for one in objects)


def test_an_existing_namespace_is_neither_created_nor_deleted() -> None:
    seen = cluster({"namespace": "shop"})

    assert seen.names("Namespace") == []
    assert {one.inputs["metadata"]["namespace"] for one in seen.seen if one.type.startswith("kubernetes:")} == {"shop"}
    assert seen.outputs["http"][0] == "http://dev-server-0.dev-server.shop.svc:8500"


@pytest.mark.parametrize("tier", ["consul-server", "consul-client"])
def test_a_pod_meets_the_restricted_standard(three_and_one: Build, tier: str) -> None:
    spec, found = pod(three_and_one, tier), container(three_and_one, tier)

    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 100,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert found["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert spec.keys().isdisjoint({"hostNetwork", "hostPID", "hostIPC", "initContainers"})
    assert all("hostPort" not in port for port in found["ports"])
    kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "secret", "emptyDir"}


@pytest.mark.parametrize("tier", ["consul-server", "consul-client"])
def test_no_pod_gets_a_service_account_token(three_and_one: Build, tier: str) -> None:
    assert pod(three_and_one, tier)["automountServiceAccountToken"] is False
    assert three_and_one[f"{tier}-account"].inputs["automountServiceAccountToken"] is False
    assert pod(three_and_one, tier)["serviceAccountName"] == three_and_one[f"{tier}-account"].inputs["metadata"]["name"]


def test_servers_start_all_at_once_and_only_the_rollout_replaces_them(three_and_one: Build) -> None:
    spec = three_and_one["consul-server-stateful-set"].inputs["spec"]

    assert (spec["replicas"], spec["podManagementPolicy"]) == (3, "Parallel")
    assert spec["updateStrategy"] == {"type": "OnDelete"}
    assert spec["serviceName"] == three_and_one["consul-server-headless"].inputs["metadata"]["name"] == "dev-server"
    assert spec["selector"] == {"matchLabels": SERVERS}


def test_the_provider_does_not_wait_for_servers_that_only_the_rollout_can_replace(three_and_one: Build) -> None:
    annotations = three_and_one["consul-server-stateful-set"].inputs["metadata"]["annotations"]

    # Not skipAwait: with it the provider would not wait for a deletion either.
    assert annotations == {"pulumi.com/waitFor": "jsonpath={.metadata.uid}", "pulumi.com/patchForce": "true"}


def test_each_server_has_its_own_claim(three_and_one: Build) -> None:
    spec = three_and_one["consul-server-stateful-set"].inputs["spec"]
    (claim,) = spec["volumeClaimTemplates"]

    assert claim["metadata"]["name"] == "data"
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    assert {"name": "data", "mountPath": "/consul/data"} in container(three_and_one)["volumeMounts"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Delete", "whenScaled": "Retain"}


def test_retained_data_stays_after_the_stateful_set() -> None:
    spec = cluster({"namespace": "shop", "retain_data": True})["consul-server-stateful-set"].inputs["spec"]

    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_a_larger_claim_replaces_nothing() -> None:
    seen = cluster({"storage": {"size": "20Gi", "storage_class": "fast"}})
    stateful_set = seen["consul-server-stateful-set"]

    assert stateful_set.ignore_changes == ("spec.volumeClaimTemplates",)
    assert stateful_set.inputs["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"
    assert seen["consul-server-claims"].inputs == {
        "claims": ["data-dev-server-0", "data-dev-server-1", "data-dev-server-2"],
        "size": "20Gi",
        "labels": {**SERVERS, "consul-on-pulumi/cluster-id": "id-of-consul-identity"},
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    }


def test_node_name_and_address_are_those_of_the_pod(three_and_one: Build) -> None:
    for tier in ("consul-server", "consul-client"):
        found = container(three_and_one, tier)
        assert found["args"][:3] == ["agent", "-node=$(POD_NAME)", "-advertise=$(POD_IP)"]
        fields = {one["name"]: one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for one in found["env"]}
        assert fields == {
            "CONSUL_DISABLE_PERM_MGMT": None,
            "POD_NAME": "metadata.name",
            "POD_IP": "status.podIP",
        }


def test_a_server_joins_the_other_servers_and_not_itself(three_and_one: Build) -> None:
    files = config(three_and_one).inputs["data"]
    names = [f"dev-server-{ordinal}.dev-server.dev.svc" for ordinal in range(3)]

    assert "retry_join" not in json.loads(files["agent.json"])
    assert {name: json.loads(text) for name, text in files.items() if name != "agent.json"} == {
        f"dev-server-{ordinal}.json": {
            "retry_join": [name for name in names if not name.startswith(f"dev-server-{ordinal}.")]
        }
        for ordinal in range(7)
    }
    assert "-config-file=/consul/own/$(POD_NAME).json" in container(three_and_one)["args"]


def test_each_server_reads_only_its_own_file(three_and_one: Build) -> None:
    volumes = {volume["name"]: volume.get("configMap", {}).get("items") for volume in pod(three_and_one)["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container(three_and_one)["volumeMounts"]}

    assert volumes["config"] == [{"key": "agent.json", "path": "agent.json"}]
    assert len(volumes["own"]) == 7
    # The image's entry point reads all that is in /consul/config.
    assert (mounts["config"], mounts["own"]) == ("/consul/config", "/consul/own")


def test_the_configuration_of_a_running_pod_never_changes() -> None:
    one, other = cluster(), cluster(server_config={"log_level": "DEBUG"})

    assert config(one).inputs["immutable"] is True
    assert config(one).inputs["metadata"]["name"] != config(other).inputs["metadata"]["name"]
    # As a replacement of one resource, the older object would be deleted when the settings go back to it.
    assert config(one).name != config(other).name
    assert config(one).name.endswith(config(one).inputs["metadata"]["name"].removeprefix("dev-server"))
    assert config(one).name in one["consul-server-stateful-set"].depends_on
    for volume in ("config", "own"):
        (found,) = [each for each in pod(one)["volumes"] if each["name"] == volume]
        assert found["configMap"]["name"] == config(one).inputs["metadata"]["name"]


def test_secret_files_are_in_a_secret_that_only_the_agent_reads_and_secret_in_the_state() -> None:
    def program() -> None:
        group = AgentGroup(
            topology=Topology(cluster="dev", datacenter="dc1", servers=3),
            role=Role.SERVER,
            image="hashicorp/consul:1.22.7",
            document={"server": True, "retry_join": []},
            secrets={"gossip.json": pulumi.Output.secret('{"encrypt": "hunter2"}')},
        )
        parent = pulumi.ComponentResource("test:index:Tier", "tier")
        _, settings = checked({"namespace": "lan"}, KubernetesArgs, "kubernetes")
        KubernetesPlatform(cast(KubernetesArgs, settings)).place("tier", group, pulumi.ResourceOptions(parent=parent))

    seen = build(program)
    (made,) = seen.of("Secret")

    assert "name" not in made.inputs["metadata"]
    assert made.inputs["immutable"] is True
    assert rpc.is_rpc_secret(made.inputs["data"])
    assert base64.b64decode(rpc.unwrap_rpc_secret(made.inputs["data"])["gossip.json"]) == b'{"encrypt": "hunter2"}'
    (volume,) = [one for one in pod(seen, "tier")["volumes"] if one["name"] == "secrets"]
    assert volume["secret"] == {"secretName": "tier-secrets-5ec4e7", "defaultMode": 0o440}
    assert container(seen, "tier")["args"][-1] == "-config-dir=/consul/secrets"
    others = [one.inputs for one in seen.seen if one is not made]
    assert "hunter2" not in json.dumps(others)
    assert base64.b64encode(b'{"encrypt": "hunter2"}').decode() not in json.dumps(others)


def test_no_probe_restarts_a_server_because_there_is_no_leader(three_and_one: Build) -> None:
    for tier in ("consul-server", "consul-client"):
        found = container(three_and_one, tier)
        assert found["livenessProbe"]["tcpSocket"] == found["startupProbe"]["tcpSocket"] == {"port": "http"}
        assert found["readinessProbe"]["exec"]["command"][-1].endswith("/v1/status/leader | grep -q :")
        assert found["startupProbe"]["periodSeconds"] * found["startupProbe"]["failureThreshold"] >= 600


def test_a_server_is_not_ready_until_autopilot_makes_it_a_voter(three_and_one: Build) -> None:
    probe = container(three_and_one)["readinessProbe"]

    assert probe["periodSeconds"] * probe["successThreshold"] >= 5 + 10
    assert "successThreshold" not in container(three_and_one, "consul-client")["readinessProbe"]


def test_an_agent_has_time_to_drain_and_to_leave(three_and_one: Build) -> None:
    assert container(three_and_one)["lifecycle"]["preStop"]["exec"]["command"] == ["/bin/sleep", "5"]
    assert pod(three_and_one)["terminationGracePeriodSeconds"] == 60


def test_the_last_log_lines_of_an_agent_are_in_its_pod_status(three_and_one: Build) -> None:
    assert container(three_and_one)["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_servers_find_each_other_before_they_are_ready(three_and_one: Build) -> None:
    spec = three_and_one["consul-server-headless"].inputs["spec"]

    assert spec["clusterIP"] == "None"
    assert spec["publishNotReadyAddresses"] is True
    assert spec["selector"] == SERVERS


def test_the_services_have_only_ready_agents(three_and_one: Build) -> None:
    for name, selected in (
        ("server-http", SERVERS),
        ("server-ui", SERVERS),
        ("server-dns", SERVERS),
        ("client-http", CLIENTS),
    ):
        spec = three_and_one[f"consul-{name}"].inputs["spec"]
        assert spec["selector"] == selected
        assert "publishNotReadyAddresses" not in spec


def test_dns_is_served_on_the_standard_port(three_and_one: Build) -> None:
    assert three_and_one["consul-server-dns"].inputs["spec"]["ports"] == [
        {"name": "dns", "port": 53, "protocol": "TCP", "targetPort": "dns"},
        {"name": "dns-udp", "port": 53, "protocol": "UDP", "targetPort": "dns-udp"},
    ]


@pytest.mark.parametrize(("servers", "budgets"), [(1, 0), (3, 1), (5, 1), (7, 1)])
def test_a_drain_evicts_one_server_at_a_time_and_a_single_server_blocks_none(servers: int, budgets: int) -> None:
    seen = cluster(servers=servers)

    assert len(seen.of("PodDisruptionBudget")) == budgets
    for budget in seen.of("PodDisruptionBudget"):
        assert budget.inputs["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": SERVERS}}


def test_only_agents_of_this_cluster_reach_raft_and_gossip(three_and_one: Build) -> None:
    policy = three_and_one["consul-server-policy"].inputs["spec"]
    agents, users = policy["ingress"]

    assert policy["podSelector"] == {"matchLabels": SERVERS}
    assert policy["policyTypes"] == ["Ingress"]
    assert agents == {
        "from": [
            {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "consul", "app.kubernetes.io/instance": "dev"}}}
        ],
        "ports": [
            {"port": 8300, "protocol": "TCP"},
            {"port": 8301, "protocol": "TCP"},
            {"port": 8301, "protocol": "UDP"},
        ],
    }
    assert users["from"] == [{"podSelector": {}}]
    assert [(port["port"], port["protocol"]) for port in users["ports"]] == [
        (8500, "TCP"),
        (8502, "TCP"),
        (8600, "TCP"),
        (8600, "UDP"),
    ]


def test_peers_of_the_settings_reach_consul_but_not_raft() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"team": "shop"}}}
    agents, users = cluster({"network_policy": {"peers": [peer]}})["consul-server-policy"].inputs["spec"]["ingress"]

    assert users["from"] == [{"podSelector": {}}, peer]
    assert peer not in agents["from"]


def test_network_policies_can_be_disabled() -> None:
    assert cluster({"network_policy": {"enabled": False}}).names("NetworkPolicy") == []


@pytest.mark.parametrize(
    ("ui", "urls", "rule"),
    [
        ({}, ["http://dev-ui.dev.svc/ui/"], None),
        ({"type": "NodePort", "host": "node.lan"}, [f"http://node.lan:{NODE_PORT}/ui/"], {}),
        ({"type": "NodePort", "host": "node.lan", "node_port": 30080}, ["http://node.lan:30080/ui/"], {}),
        ({"type": "NodePort", "host": "fd00::1", "node_port": 30080}, ["http://[fd00::1]:30080/ui/"], {}),
        ({"type": "LoadBalancer"}, ["http://203.0.113.7/ui/"], {}),
        (
            {"ingress": {"host": "consul.example.com"}},
            ["http://consul.example.com/ui/"],
            {"from": [{"namespaceSelector": {}}]},
        ),
        (
            {"ingress": {"host": "consul.example.com", "tls_secret": "cert"}},
            ["https://consul.example.com/ui/"],
            {"from": [{"namespaceSelector": {}}]},
        ),
    ],
    ids=["ClusterIP", "NodePort", "a chosen NodePort", "an IPv6 node", "LoadBalancer", "Ingress", "Ingress with TLS"],
)
def test_the_ui_urls_match_the_service_type_and_the_policy_allows_browsers(
    ui: dict[str, Any], urls: list[str], rule: dict[str, Any] | None
) -> None:
    seen = cluster({"ui": ui})
    rules = seen["consul-server-policy"].inputs["spec"]["ingress"][2:]

    assert seen.outputs["ui"] == urls
    assert rules == ([] if rule is None else [rule | {"ports": [{"port": 8500, "protocol": "TCP"}]}])
    assert seen["consul-server-ui"].inputs["spec"]["type"] == ui.get("type", "ClusterIP")


@pytest.mark.parametrize(
    ("enabled", "tls", "warned"),
    [(True, {}, True), (True, {"tls_secret": "cert"}, False), (False, {}, False)],
    ids=["closed", "closed with TLS", "open"],
)
def test_an_ingress_without_tls_is_a_warning_where_people_send_a_token(
    enabled: bool, tls: dict[str, str], warned: bool
) -> None:
    seen = cluster({"ui": {"ingress": {"host": "consul.example.com", **tls}}}, security={"enabled": enabled})

    found = [line for line in seen.log if line.startswith("platform.kubernetes.ui.ingress: without `tls_secret`")]
    assert len(found) == warned


def test_an_ingress_routes_to_the_ui_service_and_is_not_waited_for() -> None:
    seen = cluster(
        {
            "ui": {
                "ingress": {
                    "host": "c.example.com",
                    "class_name": "nginx",
                    "tls_secret": "cert",
                    "annotations": {"a": "b"},
                }
            }
        }
    )
    ingress = seen["consul-server-ingress"].inputs

    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["c.example.com"], "secretName": "cert"}]
    (rule,) = ingress["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "dev-ui", "port": {"name": "http"}}
    assert ingress["metadata"]["annotations"] == {
        "a": "b",
        "pulumi.com/skipAwait": "true",
        "pulumi.com/patchForce": "true",
    }


def test_b11_pulumi_waits_for_no_service_and_the_address_of_a_load_balancer_is_a_resource() -> None:
    seen = cluster({"ui": {"type": "LoadBalancer"}})

    assert all("pulumi.com/skipAwait" in one.inputs["metadata"]["annotations"] for one in seen.of("Service"))
    assert seen["consul-server-ui-address"].inputs == {
        "cluster": "_",
        "namespace": "dev",
        "service": "dev-ui",
        "revision": 1,
    }
    assert "consul-server-ui" in seen["consul-server-ui-address"].depends_on
    assert cluster().names("LoadBalancer") == []


@pytest.mark.parametrize("settings", [{"namespace": "shop"}, {}], ids=["existing", "own"])
def test_b11_only_a_namespace_that_nothing_in_the_program_can_create_must_exist(settings: dict[str, Any]) -> None:
    seen = cluster(settings)

    for name in ("consul-server-scale-down", "consul-client-rollout"):
        assert seen[name].inputs["namespace_exists"] is bool(settings)


def test_b11_a_namespace_that_another_resource_may_create_need_not_exist() -> None:
    def program() -> None:
        other = pulumi.CustomResource("test:index:Namespace", "other")
        opts = pulumi.ResourceOptions(depends_on=[other])
        ConsulCluster("consul", cluster_args({"kubernetes": {"namespace": "shop"}}), opts)

    assert build(program)["consul-server-scale-down"].inputs["namespace_exists"] is False


@pytest.mark.parametrize("namespace", [{}, {"namespace": "shop"}], ids=["own", "existing"])
def test_a_storage_class_that_another_resource_may_create_need_not_exist(namespace: dict[str, str]) -> None:
    def needed(other: str | None, storage_class: Any = "fast") -> Any:
        def program() -> None:
            made = [pulumi.CustomResource(other, "other")] if other else []
            args = cluster_args({"kubernetes": {**namespace, "storage": {"storage_class": storage_class}}})
            ConsulCluster("consul", args, pulumi.ResourceOptions(depends_on=made))

        return build(program)["consul-server-scale-down"].inputs.get("storage_class")

    assert needed(None) == "fast"
    assert needed("kubernetes:storage.k8s.io/v1:StorageClass") is None
    assert needed(None, pulumi.Output.from_input("fast")) is None


def test_a_namespace_of_the_program_creates_no_storage_class() -> None:
    def program() -> None:
        made = kubernetes.core.v1.Namespace("shop", metadata={"name": "shop"})
        args = cluster_args({"kubernetes": {"namespace": "shop", "storage": {"storage_class": "fast"}}})
        ConsulCluster("consul", args, pulumi.ResourceOptions(depends_on=[made]))

    needs = build(program)["consul-server-scale-down"].inputs
    assert (needs["namespace_exists"], needs["storage_class"]) == (False, "fast")


@pytest.mark.parametrize(
    ("spread", "kind"),
    [
        ({}, "preferredDuringSchedulingIgnoredDuringExecution"),
        ({"spread": "hard"}, "requiredDuringSchedulingIgnoredDuringExecution"),
    ],
    ids=["soft", "hard"],
)
def test_servers_are_spread_over_nodes_and_zones(spread: dict[str, Any], kind: str) -> None:
    spec = pod(cluster(spread))

    (term,) = spec["affinity"]["podAntiAffinity"][kind]
    assert (term.get("podAffinityTerm") or term)["topologyKey"] == "kubernetes.io/hostname"
    assert [one["topologyKey"] for one in spec["topologySpreadConstraints"]] == ["topology.kubernetes.io/zone"]
    assert spec["topologySpreadConstraints"][0]["whenUnsatisfiable"] == "ScheduleAnyway"


def test_settings_for_every_pod_apply_to_both_tiers() -> None:
    toleration = {"key": "dedicated", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
    seen = cluster(
        {
            "tolerations": [toleration],
            "node_selector": {"disk": "ssd"},
            "priority_class": "important",
            "image_pull_secrets": ["registry"],
            "labels": {"team": "platform"},
            "annotations": {"example.com/a": "b"},
        }
    )

    for tier, workload in (("consul-server", "stateful-set"), ("consul-client", "deployment")):
        spec, metadata = pod(seen, tier), seen[f"{tier}-{workload}"].inputs["spec"]["template"]["metadata"]
        assert spec["tolerations"] == [toleration]
        assert spec["nodeSelector"] == {"disk": "ssd"}
        assert spec["priorityClassName"] == "important"
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
        assert metadata["labels"]["team"] == "platform"
        assert metadata["annotations"]["example.com/a"] == "b"
        selector = seen[f"{tier}-{workload}"].inputs["spec"]["selector"]["matchLabels"]
        assert "team" not in selector
        assert selector.items() <= metadata["labels"].items()


def test_resources_have_defaults_with_a_memory_limit(three_and_one: Build) -> None:
    asked = {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}

    assert container(three_and_one)["resources"]["limits"] == {"memory": "1Gi"}
    assert container(three_and_one)["resources"]["requests"] == {"cpu": "100m", "memory": "256Mi"}
    assert container(cluster({"resources": asked}))["resources"] == asked
    assert container(cluster({"client_resources": asked}), "consul-client")["resources"] == asked


def test_every_object_has_the_cluster_id_and_no_pod_has_it(three_and_one: Build) -> None:
    for one in three_and_one.seen:
        if one.type.startswith("kubernetes:"):
            assert one.inputs["metadata"]["labels"]["consul-on-pulumi/cluster-id"] == "id-of-consul-identity"
    template = three_and_one["consul-server-stateful-set"].inputs["spec"]["template"]
    assert "id-of-consul-identity" not in json.dumps(template)


@pytest.mark.parametrize(
    ("clients", "at_once", "strategy"),
    [
        ("Deployment", {}, {}),
        ("Deployment", {"clients_at_once": 3}, {"strategy": {"maxUnavailable": 3, "maxSurge": 0}}),
        ("DaemonSet", {}, {"updateStrategy": {"maxUnavailable": "25%"}}),
        ("DaemonSet", {"clients_at_once": 3}, {"updateStrategy": {"maxUnavailable": 3}}),
    ],
)
def test_clients_change_in_waves(clients: str, at_once: dict[str, int], strategy: dict[str, Any]) -> None:
    """A Deployment replaces a quarter of its pods at a time by itself."""
    (workload,) = cluster({"clients": clients}, **at_once).of(clients)

    found = {key: value["rollingUpdate"] for key, value in workload.inputs["spec"].items() if "trategy" in key}
    assert found == strategy


@pytest.mark.parametrize(("at_once", "unavailable"), [({}, "25%"), ({"clients_at_once": 2}, 2)], ids=str)
def test_clients_that_share_no_node_leave_it_before_the_next_ones_come(
    at_once: dict[str, int], unavailable: int | str
) -> None:
    (workload,) = cluster({"spread": "hard"}, **at_once).of("Deployment")

    assert workload.inputs["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": 0},
    }


def test_a_daemon_set_runs_a_client_on_every_node_for_the_pods_of_that_node() -> None:
    seen = cluster({"clients": "DaemonSet"})

    assert seen.names("Deployment") == []
    assert "replicas" not in seen["consul-client-daemon-set"].inputs["spec"]
    assert seen["consul-client-http"].inputs["spec"]["internalTrafficPolicy"] == "Local"
    assert "internalTrafficPolicy" not in seen["consul-server-http"].inputs["spec"]


def test_a_client_stores_nothing(three_and_one: Build) -> None:
    (data,) = [one for one in pod(three_and_one, "consul-client")["volumes"] if one["name"] == "data"]

    assert data == {"name": "data", "emptyDir": {}}


def test_scale_down_runs_before_the_stateful_set_and_the_rollout_after_it(three_and_one: Build) -> None:
    stateful_set = three_and_one["consul-server-stateful-set"]
    assert "consul-server-scale-down" in stateful_set.depends_on
    assert "consul-server-stateful-set" in three_and_one["consul-server-rollout"].depends_on
    assert "consul-server-rollout" in three_and_one["consul-server-voters"].depends_on
    assert "consul-server-voters" in three_and_one["consul-server-claims"].depends_on
    assert three_and_one["consul-server-scale-down"].inputs == {
        "replicas": 3,
        "address": "http+kubernetes://_/dev/{pod}:8500",
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "namespace_exists": False,
        "storage_class": "",
        "revision": 1,
    }


def test_a_target_on_the_stateful_set_alone_neither_removes_servers_nor_gives_them_an_unchecked_image() -> None:
    computed = {"consul-server-scale-down": {"replicas": 5}, "consul-server-version": {"image": "checked"}}
    seen = cluster(computed=computed)

    assert seen["consul-server-stateful-set"].inputs["spec"]["replicas"] == 5
    assert container(seen)["image"] == "checked"


def test_the_rollout_has_all_servers_and_shows_image_and_configuration(three_and_one: Build) -> None:
    template = three_and_one["consul-server-stateful-set"].inputs["spec"]["template"]
    spec_hash = template["metadata"]["annotations"]["consul-on-pulumi/spec-hash"]

    assert f"-node-meta=spec_hash:{spec_hash}" in container(three_and_one)["args"]
    assert three_and_one["consul-server-rollout"].inputs == {
        "names": ["dev-server-0", "dev-server-1", "dev-server-2"],
        "addresses": [f"http+kubernetes://_/dev/dev-server-{ordinal}:8500" for ordinal in range(3)],
        "spec_hash": spec_hash,
        "image": "hashicorp/consul:1.22.7",
        "configuration": config(three_and_one).inputs["data"],
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"image": "hashicorp/consul:1.19.2"},
        {"agent_config": {"log_level": "DEBUG"}},
        {"platform": {"kubernetes": {"node_selector": {"disk": "ssd"}}}},
    ],
    ids=["image", "configuration", "platform"],
)
def test_every_change_of_a_pod_changes_the_spec_hash(three_and_one: Build, change: dict[str, Any]) -> None:
    def spec_hash(seen: Build) -> str:
        return str(seen["consul-server-rollout"].inputs["spec_hash"])

    args = cluster_args({"kubernetes": {}}) | change
    changed = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})  # type: ignore[arg-type]

    assert spec_hash(changed) != spec_hash(three_and_one)
    assert spec_hash(cluster()) == spec_hash(three_and_one)


@pytest.mark.parametrize(
    ("settings", "reached"),
    [
        ({}, "http+kubernetes://_/dev/dev-server-0:8500"),
        ({"consul_access": "proxy"}, "http+kubernetes-proxy://_/dev/dev-server-0:8500"),
        ({"consul_access": "port-forward"}, "http+kubernetes-forward://_/dev/dev-server-0:8500"),
        ({"consul_access": "http://{pod}.lan:8500"}, "http://dev-server-0.lan:8500"),
        ({"context": "admin@shop"}, "http+kubernetes://admin%40shop/dev/dev-server-0:8500"),
        ({"kubeconfig": "~/.kube/shop"}, "http+kubernetes://_;~%2F.kube%2Fshop/dev/dev-server-0:8500"),
    ],
    ids=lambda value: next(iter(value), "default") if isinstance(value, dict) else "",
)
def test_the_setting_consul_access_decides_the_addresses(settings: dict[str, Any], reached: str) -> None:
    seen = cluster(settings)

    for name in ("consul-server-rollout", "consul-seeds", "consul-autopilot"):
        assert seen[name].inputs["addresses"][0] == reached
    assert seen["consul-server-scale-down"].inputs["address"] == reached.replace("dev-server-0", "{pod}")
    # Users see the same addresses, however the program gets there.
    assert seen.outputs["http"][0] == "http://dev-server-0.dev-server.dev.svc:8500"


def test_a_context_has_one_provider_for_the_whole_cluster() -> None:
    seen = cluster({"context": "shop", "kubeconfig": "/kube/config"})

    (provider,) = [one for one in seen.seen if one.type == "pulumi:providers:kubernetes"]
    assert provider.name == "consul-kubernetes"
    assert (provider.inputs["context"], provider.inputs["kubeconfig"]) == ("shop", "/kube/config")
    assert {one.provider for one in seen.seen if one.type.startswith("kubernetes:")} == {"consul-kubernetes"}


@pytest.mark.parametrize("component", [ConsulServer, ConsulClient])
def test_a_tier_alone_creates_the_provider_of_its_context(component: Any) -> None:
    platform = {"kubernetes": {"namespace": "lan", "context": "shop"}}
    args: Any = server_args(platform) if component is ConsulServer else client_args(platform)

    seen = build(lambda: {"http": component("tier", args).http_addresses})

    assert {one.provider for one in seen.seen if one.type.startswith("kubernetes:")} == {"tier-kubernetes"}


def test_a_provider_of_the_caller_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        import pulumi_kubernetes

        theirs = pulumi_kubernetes.Provider("theirs")
        args = cluster_args({"kubernetes": {"context": "shop"}})
        ConsulCluster("consul", args, pulumi.ResourceOptions(providers=[theirs]))

    seen = build(program)

    assert {one.provider for one in seen.seen if one.type.startswith("kubernetes:")} == {"theirs"}


def test_without_a_context_the_default_provider_is_used(three_and_one: Build) -> None:
    assert [one for one in three_and_one.seen if one.type.startswith("pulumi:providers:")] == []


def test_resources_that_need_a_running_consul_are_deleted_with_the_stateful_set(three_and_one: Build) -> None:
    assert {one.name for one in three_and_one.seen if one.deleted_with} == {
        "consul-autopilot",
        "consul-seeds",
        "consul-server-claims",
        "consul-server-end-of-part",
        "consul-server-rollout",
        "consul-server-voters",
        "consul-client-rollout",
    }
    assert three_and_one["consul-client-rollout"].deleted_with == "consul-client-deployment"
    others = {one.deleted_with for one in three_and_one.seen if one.name != "consul-client-rollout"}
    assert others == {"", "consul-server-stateful-set"}


def test_the_end_of_the_cluster_is_deleted_before_any_agent_and_skipped_where_data_stays(three_and_one: Build) -> None:
    end, part = three_and_one["consul-server-end"], three_and_one["consul-server-end-of-part"]

    assert end.inputs["workloads"] == {"server": "StatefulSet/dev-server", "client": "Deployment/dev-client"}
    assert {"app.kubernetes.io/managed-by": "pulumi"}.items() <= end.inputs["selector"].items()
    pods = three_and_one["consul-client-deployment"].inputs["spec"]["template"]["metadata"]["labels"]
    assert end.inputs["selector"].items() <= pods.items()
    assert end.inputs["data_stays"] is False
    assert part.inputs["data_stays"] is True
    assert "consul-server-voters" in end.depends_on
    assert "consul-server-end" in part.depends_on
    assert end.deleted_with == ""


def test_clients_start_with_new_servers_and_are_updated_after_existing_ones(three_and_one: Build) -> None:
    started = three_and_one["consul-client-deployment"].depends_on
    waited_for = three_and_one["consul-client-rollout"].depends_on

    assert "consul-server-rollout" in started
    assert "consul-server-voters" not in started
    assert {"consul-client-deployment", "consul-server-voters"} <= waited_for


@pytest.mark.parametrize(
    ("clients", "kind", "replicas"), [("Deployment", "deployments", 1), ("DaemonSet", "daemonsets", None)]
)
def test_the_rollout_of_clients_has_their_spec_hash_and_selector(clients: str, kind: str, replicas: int | None) -> None:
    seen = cluster({"clients": clients})
    (workload,) = seen.of(clients)
    template = workload.inputs["spec"]["template"]["metadata"]
    selector = workload.inputs["spec"]["selector"]["matchLabels"]

    assert workload.inputs["metadata"]["annotations"] == {
        "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
        "pulumi.com/patchForce": "true",
    }
    assert seen["consul-client-rollout"].inputs == {
        "spec_hash": template["annotations"]["consul-on-pulumi/spec-hash"],
        "selector": selector,
        "cluster": "_",
        "namespace": "dev",
        "kind": kind,
        "workload": "dev-client",
        "namespace_exists": False,
        **({} if replicas is None else {"replicas": replicas}),
        "revision": 1,
    }

"""Contract: what every stack's state holds. A change here makes existing stacks unable to refresh or be destroyed."""

import base64
import pickletools
import sys

import pytest
from consul_on_pulumi.platforms.docker.providers import live_files as docker_live_files
from consul_on_pulumi.platforms.docker.providers import ownership as docker_ownership
from consul_on_pulumi.platforms.docker.providers import voters as docker_voters
from consul_on_pulumi.platforms.docker.providers.cluster_end import ClusterEnd, ClusterEndProvider
from consul_on_pulumi.platforms.docker.providers.container_health import ContainerHealth, ContainerHealthProvider
from consul_on_pulumi.platforms.docker.providers.host_ports import HostPorts, HostPortsProvider
from consul_on_pulumi.platforms.docker.providers.network_end import NetworkEnd, NetworkEndProvider
from consul_on_pulumi.platforms.docker.providers.raft_peer import RaftPeer, RaftPeerProvider
from consul_on_pulumi.platforms.docker.providers.secret_volume import SecretVolume, SecretVolumeProvider
from consul_on_pulumi.platforms.docker.providers.voter_gate import VoterGate, VoterGateProvider
from consul_on_pulumi.platforms.kubernetes.providers import ownership as kubernetes_ownership
from consul_on_pulumi.platforms.kubernetes.providers.claim_size import ClaimSize, ClaimSizeProvider
from consul_on_pulumi.platforms.kubernetes.providers.client_rollout import ClientRollout, ClientRolloutProvider
from consul_on_pulumi.platforms.kubernetes.providers.live_files import LiveFiles, LiveFilesProvider
from consul_on_pulumi.platforms.kubernetes.providers.load_balancer import LoadBalancer, LoadBalancerProvider
from consul_on_pulumi.platforms.kubernetes.providers.namespace_end import NamespaceEnd, NamespaceEndProvider
from consul_on_pulumi.platforms.kubernetes.providers.pods_end import PodsEnd, PodsEndProvider
from consul_on_pulumi.platforms.kubernetes.providers.scale_down import ScaleDown, ScaleDownProvider
from consul_on_pulumi.platforms.kubernetes.providers.server_rollout import ServerRollout, ServerRolloutProvider
from consul_on_pulumi.platforms.kubernetes.providers.voters import Voters, VotersProvider
from consul_on_pulumi.providers.autopilot import Autopilot, AutopilotProvider
from consul_on_pulumi.providers.cluster_identity import ClusterIdentity, ClusterIdentityProvider
from consul_on_pulumi.providers.consul_version import ConsulVersion, ConsulVersionProvider
from consul_on_pulumi.providers.kv_baseline import KvBaseline, KvBaselineProvider
from consul_on_pulumi.providers.kv_entries import KvEntries, KvEntriesProvider
from consul_on_pulumi.providers.ownership import Ownership
from consul_on_pulumi.providers.provider import ConsulProvider, ProviderResource
from consul_on_pulumi.providers.reloaded import Reloaded, ReloadedProvider
from consul_on_pulumi.security.access import Access, AccessProvider
from consul_on_pulumi.security.authority import Authority, AuthorityProvider
from consul_on_pulumi.security.certificates import Certificates, CertificatesProvider
from consul_on_pulumi.security.credentials import Credentials, CredentialsProvider
from consul_on_pulumi.security.issued import IssuedCertificates, IssuedCertificatesProvider
from consul_on_pulumi.security.retired import Retired, RetiredProvider
from consul_on_pulumi.security.trust import Trust, TrustProvider
from pulumi.dynamic import Resource
from pulumi.dynamic.dynamic import serialize_provider

PATHS: dict[type[ConsulProvider], str] = {
    AccessProvider: "consul_on_pulumi.security.access AccessProvider",
    AuthorityProvider: "consul_on_pulumi.security.authority AuthorityProvider",
    CertificatesProvider: "consul_on_pulumi.security.certificates CertificatesProvider",
    CredentialsProvider: "consul_on_pulumi.security.credentials CredentialsProvider",
    AutopilotProvider: "consul_on_pulumi.providers.autopilot AutopilotProvider",
    ClaimSizeProvider: "consul_on_pulumi.platforms.kubernetes.providers.claim_size ClaimSizeProvider",
    ClientRolloutProvider: "consul_on_pulumi.platforms.kubernetes.providers.client_rollout ClientRolloutProvider",
    ClusterEndProvider: "consul_on_pulumi.platforms.docker.providers.cluster_end ClusterEndProvider",
    ClusterIdentityProvider: "consul_on_pulumi.providers.cluster_identity ClusterIdentityProvider",
    ContainerHealthProvider: "consul_on_pulumi.platforms.docker.providers.container_health ContainerHealthProvider",
    ConsulVersionProvider: "consul_on_pulumi.providers.consul_version ConsulVersionProvider",
    HostPortsProvider: "consul_on_pulumi.platforms.docker.providers.host_ports HostPortsProvider",
    KvBaselineProvider: "consul_on_pulumi.providers.kv_baseline KvBaselineProvider",
    KvEntriesProvider: "consul_on_pulumi.providers.kv_entries KvEntriesProvider",
    LoadBalancerProvider: "consul_on_pulumi.platforms.kubernetes.providers.load_balancer LoadBalancerProvider",
    NamespaceEndProvider: "consul_on_pulumi.platforms.kubernetes.providers.namespace_end NamespaceEndProvider",
    NetworkEndProvider: "consul_on_pulumi.platforms.docker.providers.network_end NetworkEndProvider",
    docker_ownership.OwnershipProvider: "consul_on_pulumi.platforms.docker.providers.ownership OwnershipProvider",
    kubernetes_ownership.OwnershipProvider: (
        "consul_on_pulumi.platforms.kubernetes.providers.ownership OwnershipProvider"
    ),
    PodsEndProvider: "consul_on_pulumi.platforms.kubernetes.providers.pods_end PodsEndProvider",
    RaftPeerProvider: "consul_on_pulumi.platforms.docker.providers.raft_peer RaftPeerProvider",
    ScaleDownProvider: "consul_on_pulumi.platforms.kubernetes.providers.scale_down ScaleDownProvider",
    SecretVolumeProvider: "consul_on_pulumi.platforms.docker.providers.secret_volume SecretVolumeProvider",
    ServerRolloutProvider: "consul_on_pulumi.platforms.kubernetes.providers.server_rollout ServerRolloutProvider",
    VoterGateProvider: "consul_on_pulumi.platforms.docker.providers.voter_gate VoterGateProvider",
    docker_live_files.LiveFilesProvider: "consul_on_pulumi.platforms.docker.providers.live_files LiveFilesProvider",
    LiveFilesProvider: "consul_on_pulumi.platforms.kubernetes.providers.live_files LiveFilesProvider",
    ReloadedProvider: "consul_on_pulumi.providers.reloaded ReloadedProvider",
    IssuedCertificatesProvider: "consul_on_pulumi.security.issued IssuedCertificatesProvider",
    RetiredProvider: "consul_on_pulumi.security.retired RetiredProvider",
    TrustProvider: "consul_on_pulumi.security.trust TrustProvider",
    docker_voters.VotersProvider: "consul_on_pulumi.platforms.docker.providers.voters VotersProvider",
    VotersProvider: "consul_on_pulumi.platforms.kubernetes.providers.voters VotersProvider",
}

TOKENS: dict[type[Resource], str] = {
    Access: "dynamic/consul-on-pulumi:Access",
    Authority: "dynamic/consul-on-pulumi:Authority",
    Certificates: "dynamic/consul-on-pulumi:Certificates",
    IssuedCertificates: "dynamic/consul-on-pulumi:IssuedCertificates",
    Credentials: "dynamic/consul-on-pulumi:Credentials",
    Autopilot: "dynamic/consul-on-pulumi:Autopilot",
    ClaimSize: "dynamic/consul-on-pulumi:ClaimSize",
    ClientRollout: "dynamic/consul-on-pulumi:ClientRollout",
    ClusterEnd: "dynamic/consul-on-pulumi:ClusterEnd",
    ClusterIdentity: "dynamic/consul-on-pulumi:ClusterIdentity",
    ContainerHealth: "dynamic/consul-on-pulumi:ContainerHealth",
    ConsulVersion: "dynamic/consul-on-pulumi:ConsulVersion",
    HostPorts: "dynamic/consul-on-pulumi:HostPorts",
    KvBaseline: "dynamic/consul-on-pulumi:KvBaseline",
    KvEntries: "dynamic/consul-on-pulumi:KvEntries",
    LoadBalancer: "dynamic/consul-on-pulumi:LoadBalancer",
    NamespaceEnd: "dynamic/consul-on-pulumi:NamespaceEnd",
    NetworkEnd: "dynamic/consul-on-pulumi:NetworkEnd",
    Ownership: "dynamic/consul-on-pulumi:Ownership",
    PodsEnd: "dynamic/consul-on-pulumi:PodsEnd",
    RaftPeer: "dynamic/consul-on-pulumi:RaftPeer",
    ScaleDown: "dynamic/consul-on-pulumi:ScaleDown",
    SecretVolume: "dynamic/consul-on-pulumi:SecretVolume",
    ServerRollout: "dynamic/consul-on-pulumi:ServerRollout",
    VoterGate: "dynamic/consul-on-pulumi:VoterGate",
    docker_live_files.LiveFiles: "dynamic/consul-on-pulumi:LiveFiles",
    LiveFiles: "dynamic/consul-on-pulumi:LiveFiles",
    Reloaded: "dynamic/consul-on-pulumi:Reloaded",
    Retired: "dynamic/consul-on-pulumi:Retired",
    Trust: "dynamic/consul-on-pulumi:Trust",
    docker_voters.Voters: "dynamic/consul-on-pulumi:Voters",
    Voters: "dynamic/consul-on-pulumi:Voters",
}
REFERENCE = {"PROTO", "FRAME", "SHORT_BINUNICODE", "MEMOIZE", "STACK_GLOBAL", "EMPTY_TUPLE", "NEWOBJ", "STOP"}
"""The operations of a pickle that names a class and calls it without arguments."""


@pytest.mark.parametrize("provider", PATHS, ids=lambda provider: provider.__name__)
def test_the_state_holds_the_import_path_of_a_provider_and_nothing_else(provider: type[ConsulProvider]) -> None:
    operations = list(pickletools.genops(base64.b64decode(serialize_provider(provider()))))

    texts = [argument for operation, argument, _ in operations if operation.name == "SHORT_BINUNICODE"]
    assert " ".join(map(str, texts)) == PATHS[provider]
    assert {operation.name for operation, _, _ in operations} <= REFERENCE


@pytest.mark.parametrize("provider", PATHS, ids=lambda provider: provider.__name__)
def test_the_import_path_is_no_secret_or_previews_would_hide_every_property(provider: type[ConsulProvider]) -> None:
    assert provider().serialize_as_secret_always is False


def test_there_are_no_other_providers_and_resources() -> None:
    assert set(ConsulProvider.__subclasses__()) == set(PATHS)
    assert set(ProviderResource.__subclasses__()) == set(TOKENS)


@pytest.mark.parametrize("resource", TOKENS, ids=lambda resource: resource.__name__)
def test_a_type_token_never_changes(resource: type[Resource]) -> None:
    assert resource._resource_type_name == TOKENS[resource]


def test_a_large_cluster_does_not_exhaust_the_stack_of_the_serialiser() -> None:
    provider = KvEntriesProvider()

    assert len({serialize_provider(provider) for _ in range(5 * sys.getrecursionlimit())}) == 1

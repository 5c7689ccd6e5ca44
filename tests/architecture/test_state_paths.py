"""Contract: what is in every stack's state. A change here makes existing stacks unable to refresh or be destroyed."""

import base64
import sys

import pytest
from pulumi.dynamic import Resource, ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from components.live.autopilot import Autopilot, AutopilotProvider
from components.live.birth import Birth, BirthProvider
from components.live.claim_size import ClaimSize, ClaimSizeProvider
from components.live.client_roll import ClientRoll, ClientRollProvider
from components.live.gate import VoterGate, VoterGateProvider
from components.live.host_ports import HostPorts, HostPortsProvider
from components.live.kv import KvEntries, KvProvider
from components.live.kv_baseline import KvBaseline, KvBaselineProvider
from components.live.pod_roll import PodRoll, PodRollProvider
from components.live.scale_down import ScaleDown, ScaleDownProvider
from components.live.seat import RaftSeat, RaftSeatProvider
from components.live.secret_volume import SecretVolume, SecretVolumeProvider
from components.live.upkeep import Upkeep, UpkeepProvider
from components.live.voters import Voters, VotersProvider

PICKLES: dict[type[ResourceProvider], bytes] = {
    AutopilotProvider: (
        b"\x80\x04\x956\x00\x00\x00\x00\x00\x00\x00\x8c\x19components.live.autopilot\x94"
        b"\x8c\x11AutopilotProvider\x94\x93\x94)\x81\x94."
    ),
    BirthProvider: (
        b"\x80\x04\x95.\x00\x00\x00\x00\x00\x00\x00\x8c\x15components.live.birth\x94"
        b"\x8c\rBirthProvider\x94\x93\x94)\x81\x94."
    ),
    HostPortsProvider: (
        b"\x80\x04\x957\x00\x00\x00\x00\x00\x00\x00\x8c\x1acomponents.live.host_ports\x94"
        b"\x8c\x11HostPortsProvider\x94\x93\x94)\x81\x94."
    ),
    KvBaselineProvider: (
        b"\x80\x04\x959\x00\x00\x00\x00\x00\x00\x00\x8c\x1bcomponents.live.kv_baseline\x94"
        b"\x8c\x12KvBaselineProvider\x94\x93\x94)\x81\x94."
    ),
    KvProvider: (
        b"\x80\x04\x95(\x00\x00\x00\x00\x00\x00\x00\x8c\x12components.live.kv\x94\x8c\nKvProvider\x94\x93\x94)\x81\x94."
    ),
    RaftSeatProvider: (
        b"\x80\x04\x950\x00\x00\x00\x00\x00\x00\x00\x8c\x14components.live.seat\x94"
        b"\x8c\x10RaftSeatProvider\x94\x93\x94)\x81\x94."
    ),
    UpkeepProvider: (
        b"\x80\x04\x950\x00\x00\x00\x00\x00\x00\x00\x8c\x16components.live.upkeep\x94"
        b"\x8c\x0eUpkeepProvider\x94\x93\x94)\x81\x94."
    ),
    ClaimSizeProvider: (
        b"\x80\x04\x957\x00\x00\x00\x00\x00\x00\x00\x8c\x1acomponents.live.claim_size\x94"
        b"\x8c\x11ClaimSizeProvider\x94\x93\x94)\x81\x94."
    ),
    PodRollProvider: (
        b"\x80\x04\x953\x00\x00\x00\x00\x00\x00\x00\x8c\x18components.live.pod_roll\x94"
        b"\x8c\x0fPodRollProvider\x94\x93\x94)\x81\x94."
    ),
    ScaleDownProvider: (
        b"\x80\x04\x957\x00\x00\x00\x00\x00\x00\x00\x8c\x1acomponents.live.scale_down\x94"
        b"\x8c\x11ScaleDownProvider\x94\x93\x94)\x81\x94."
    ),
    SecretVolumeProvider: (
        b"\x80\x04\x95=\x00\x00\x00\x00\x00\x00\x00\x8c\x1dcomponents.live.secret_volume\x94"
        b"\x8c\x14SecretVolumeProvider\x94\x93\x94)\x81\x94."
    ),
    ClientRollProvider: (
        b"\x80\x04\x959\x00\x00\x00\x00\x00\x00\x00\x8c\x1bcomponents.live.client_roll\x94"
        b"\x8c\x12ClientRollProvider\x94\x93\x94)\x81\x94."
    ),
    VotersProvider: (
        b"\x80\x04\x950\x00\x00\x00\x00\x00\x00\x00\x8c\x16components.live.voters\x94"
        b"\x8c\x0eVotersProvider\x94\x93\x94)\x81\x94."
    ),
    VoterGateProvider: (
        b"\x80\x04\x951\x00\x00\x00\x00\x00\x00\x00\x8c\x14components.live.gate\x94"
        b"\x8c\x11VoterGateProvider\x94\x93\x94)\x81\x94."
    ),
}

TOKENS: dict[type[Resource], str] = {
    Autopilot: "dynamic/consul-on-pulumi:Autopilot",
    Birth: "dynamic/consul-on-pulumi:Birth",
    HostPorts: "dynamic/consul-on-pulumi:HostPorts",
    KvBaseline: "dynamic/consul-on-pulumi:KvBaseline",
    KvEntries: "dynamic/consul-on-pulumi:KvEntries",
    RaftSeat: "dynamic/consul-on-pulumi:RaftSeat",
    SecretVolume: "dynamic/consul-on-pulumi:SecretVolume",
    Upkeep: "dynamic/consul-on-pulumi:Upkeep",
    ClaimSize: "dynamic/consul-on-pulumi:ClaimSize",
    PodRoll: "dynamic/consul-on-pulumi:PodRoll",
    ScaleDown: "dynamic/consul-on-pulumi:ScaleDown",
    ClientRoll: "dynamic/consul-on-pulumi:ClientRoll",
    Voters: "dynamic/consul-on-pulumi:Voters",
    VoterGate: "dynamic/consul-on-pulumi:VoterGate",
}


@pytest.mark.parametrize("provider", PICKLES, ids=lambda provider: provider.__name__)
def test_the_state_holds_an_import_path_and_nothing_else(provider: type[ResourceProvider]) -> None:
    assert base64.b64decode(serialize_provider(provider())) == PICKLES[provider]


@pytest.mark.parametrize("provider", PICKLES, ids=lambda provider: provider.__name__)
def test_the_state_holds_the_import_path_in_clear_so_that_previews_show_no_secret(
    provider: type[ResourceProvider],
) -> None:
    assert provider().serialize_as_secret_always is False


def test_there_are_no_other_providers() -> None:
    assert {found for found in ResourceProvider.__subclasses__() if found.__module__.startswith("components")} == set(
        PICKLES
    )


@pytest.mark.parametrize("resource", TOKENS, ids=lambda resource: resource.__name__)
def test_a_type_token_is_never_another(resource: type[Resource]) -> None:
    assert resource._resource_type_name == TOKENS[resource]


def test_a_large_cluster_does_not_exhaust_the_stack_of_the_serialiser() -> None:
    provider = KvProvider()

    pickles = {serialize_provider(provider) for _ in range(5 * sys.getrecursionlimit())}

    assert pickles == {base64.b64encode(PICKLES[KvProvider]).decode()}

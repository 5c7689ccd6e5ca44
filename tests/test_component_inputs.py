"""Components register the accepted settings, so that policy packs and `pulumi stack export` see them."""

from typing import Annotated, TypedDict

import pulumi
from consul_on_pulumi import ConsulCluster, ConsulServer
from consul_on_pulumi.schema.component_inputs import component_inputs
from consul_on_pulumi.schema.definition import Setting

from tests.platform_cases import PlatformCase
from tests.recording import build, cluster_args, server_args


def test_a_cluster_and_its_tiers_register_the_settings_that_they_accepted(platform: PlatformCase) -> None:
    args = cluster_args(platform.cluster, agent_config={"log_level": "WARN"}, seeds={"app": {"name": "web"}})
    seen = build(lambda: {"c": ConsulCluster("consul", args).servers})
    cluster, servers, clients = (seen[name].inputs for name in ("consul", "consul-server", "consul-client"))
    assert (cluster["servers"], cluster["clients"], cluster["datacenter"]) == (3, 1, "dc1")
    assert cluster["agent_config"] == {"log_level": "WARN"}
    assert platform.cluster[platform.name].items() <= cluster["platform"][platform.name].items()
    assert (servers["replicas"], clients["replicas"], servers["image"]) == (3, 1, cluster["image"])
    # They would delay the servers, and KvEntries shows them.
    assert cluster.keys().isdisjoint({"seeds", "seed_sets"})


def test_of_secret_files_only_the_names_are_inputs_and_nothing_waits_for_them(platform: PlatformCase) -> None:
    def program() -> None:
        other = pulumi.CustomResource("other:index:Thing", "other", {})
        key = other.urn.apply(lambda _: '{"encrypt": "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd28="}')
        ConsulServer("consul", server_args(platform.tier, agent_secrets={"gossip.json": key}))

    consul = build(program)["consul"]
    assert consul.inputs["agent_secrets"] == ["gossip.json"]
    assert consul.depends_on == frozenset()


class Args(TypedDict, total=False):
    """Settings of which one may be an Output and one is secret."""

    level: Annotated[pulumi.Input[str], Setting("May be an Output.")]
    token: Annotated[str, Setting("Is secret.", secret=True)]


def test_a_secret_is_a_secret_input_and_an_output_makes_the_component_depend_on_nothing() -> None:
    def program() -> None:
        other = pulumi.CustomResource("other:index:Thing", "other", {})
        inputs = component_inputs({"level": other.urn.apply(lambda _: "WARN"), "token": "s3cr3t"}, Args)
        pulumi.ComponentResource("some:index:Component", "some", inputs)

    some = build(program)["some"]
    assert some.secret_inputs == {"token"}
    assert some.inputs["level"] == "WARN"
    assert some.depends_on == frozenset()

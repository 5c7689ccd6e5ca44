"""Secret files from the stack file and from programs to the resources of each platform. No test prints a content."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster, ConsulClusterArgs, ConsulServer
from consul_on_pulumi.membership import agent_secrets
from consul_on_pulumi.settings import refusals, stack_file
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config

from tests import recording
from tests.platform_cases import DOCKER, PlatformCase
from tests.recording import Build, build, client_args, cluster_args, server_args

CANARY = "canary-5d1f0c"
GOSSIP = json.dumps({"encrypt": CANARY})
HOW = "`pulumi config set --secret --path 'consul-on-pulumi:agent_secrets[\"NAME\"]'`"
ILLEGAL = "expected a file name of letters, digits, dots, hyphens and underscores, the first no dot"


@pytest.fixture(autouse=True)
def no_config_left_behind() -> Iterator[None]:
    yield
    set_all_config({}, [])


def read_with(files: Any, *, secret: bool = True, **cluster: Any) -> ConsulClusterArgs:
    cluster = {"platform": DOCKER.cluster, **cluster}
    keys = {"cluster": cluster, "agent_secrets": files}
    texts = {f"consul-on-pulumi:{key}": json.dumps(found) for key, found in keys.items()}
    set_all_config(texts, ["consul-on-pulumi:agent_secrets"] if secret else [])
    return stack_file.cluster_args(pulumi.Config("consul-on-pulumi"))


def refusal(files: Any, *, secret: bool = True, **cluster: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        refusals.cluster_args(read_with(files, secret=secret, **cluster))
    assert CANARY not in str(caught.value)
    return str(caught.value).splitlines()[1:]


def cluster(platform: PlatformCase, files: Any, *, preview: bool = False) -> Build:
    args = cluster_args(platform.cluster, **({} if files is None else {"agent_secrets": files}))
    return build(lambda: {"http": ConsulCluster("consul", args).http_addresses}, preview=preview)


def delivered(platform: PlatformCase, seen: Build, tier: str) -> Any:
    """What holds the files, as it was registered."""
    return seen[f"{tier}-secrets"].inputs["files" if platform.name == "docker" else "data"]


def test_secret_files_of_one_tier_reach_no_other_tier(platform: PlatformCase) -> None:
    files = {"agent_secrets": {"both.json": GOSSIP}, "server_secrets": {"management.json": GOSSIP}}
    args = cluster_args(platform.cluster, **files, client_secrets={"client.json": GOSSIP})
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses})

    for tier, own in (("consul-server", "management.json"), ("consul-client", "client.json")):
        found = delivered(platform, seen, tier)
        assert set(found.get("value", found)) == {"both.json", own}


def test_a_stack_files_secret_files_become_args_that_are_secret() -> None:
    files = dict(read_with({"gossip.json": GOSSIP, "ca.pem": CANARY})["agent_secrets"])

    assert files.keys() == {"gossip.json", "ca.pem"}
    assert all(isinstance(text, pulumi.Output) for text in files.values())


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        ({"a/b.json": GOSSIP}, [f'agent_secrets["a/b.json"]: {ILLEGAL}']),
        ({"..": CANARY}, [f'agent_secrets[".."]: {ILLEGAL}']),
        ({".hidden": CANARY, "": CANARY}, [f'agent_secrets[".hidden"]: {ILLEGAL}', f'agent_secrets[""]: {ILLEGAL}']),
        ({"a.json": f"{{{CANARY}"}, ['agent_secrets["a.json"]: is no JSON, line 1 column 2']),
        ({"a.json": f'["{CANARY}"]'}, ['agent_secrets["a.json"]: expected a map of agent configuration keys']),
        (
            {"a.json": '{"server": "canary-5d1f0c"}'},
            ['agent_secrets["a.json"].server: not for agent configuration, the role follows from the tier'],
        ),
        (
            {"a.json": f'{{"encrpyt": "{CANARY}"}}'},
            ['agent_secrets["a.json"].encrpyt: Consul has no such key, did you mean encrypt?'],
        ),
        ({"a.json": f'{{"{CANARY}": 1}}'}, ['agent_secrets["a.json"]: Consul has no such key']),
        ({"a.json": f'{{"telemetry": "{CANARY}"}}'}, ['agent_secrets["a.json"].telemetry: expected a map']),
        ({"key.pem": " \n"}, ['agent_secrets["key.pem"]: is empty, leave it out']),
        (
            {"gossip": {"json": CANARY}},
            [f"agent_secrets.gossip: expected text, put the whole name of the file in quotes: {HOW}"],
        ),
        ([CANARY], [f"agent_secrets: expected a map from file name to text: {HOW}"]),
    ],
    ids=str,
)
def test_every_mistake_is_refused_with_its_path_and_without_a_value(files: Any, problems: list[str]) -> None:
    assert refusal(files) == problems


def test_plain_text_is_refused_wherever_it_is() -> None:
    assert refusal({"a.json": GOSSIP}, secret=False) == [f"agent_secrets: holds plain text, set each value with {HOW}"]
    assert refusal({"a.json": GOSSIP}, agent_secrets={"a.json": GOSSIP}) == [
        f"cluster.agent_secrets: not in `cluster`, set each value with {HOW}"
    ]


def test_all_problems_are_reported_at_once() -> None:
    assert refusal({"/": CANARY, "a.json": "x"}, servers=2) == [
        f'agent_secrets["/"]: {ILLEGAL}',
        'agent_secrets["a.json"]: is no JSON, line 1 column 1',
        "cluster.servers: expected an odd number from 1 to 7, got 2",
    ]


def test_hcl_and_other_files_are_not_read() -> None:
    assert set(read_with({"a.hcl": "encrypt = 1", "key.pem": "{"})["agent_secrets"]) == {"a.hcl", "key.pem"}


@pytest.mark.parametrize("tier", ["consul-server", "consul-client"])
def test_every_agent_reads_the_files_and_only_their_resource_holds_a_content(platform: PlatformCase, tier: str) -> None:
    seen = cluster(platform, {"gossip.json": GOSSIP, "ca.pem": pulumi.Output.from_input(CANARY)})

    assert "-config-dir=/consul/secrets" in platform.arguments(seen, tier)
    found = delivered(platform, seen, tier)
    secrets = [found] if rpc.is_rpc_secret(found) else list(found.values())
    assert secrets
    assert all(rpc.is_rpc_secret(one) for one in secrets)
    others = [one.inputs for one in seen.seen if not one.name.endswith("-secrets")]
    assert CANARY not in json.dumps(others, default=str)


@pytest.mark.parametrize(("component", "args"), [(ConsulServer, server_args), (ConsulClient, client_args)])
def test_a_tier_alone_takes_them_too(platform: PlatformCase, component: Any, args: Any) -> None:
    described = args(platform.tier, agent_secrets={"gossip.json": GOSSIP})

    seen = build(lambda: {"http": component("tier", described).http_addresses})

    assert "-config-dir=/consul/secrets" in platform.arguments(seen, "tier")
    assert delivered(platform, seen, "tier")


@pytest.mark.parametrize("files", [None, {}], ids=["none", "empty"])
def test_without_secret_files_nothing_is_different(platform: PlatformCase, files: Any) -> None:
    seen = cluster(platform, files)

    assert [name for name in (one.name for one in seen.seen) if name.endswith("-secrets")] == []
    assert "/consul/secrets" not in json.dumps([one.inputs for one in seen.seen], default=str)


def test_the_spec_hash_is_no_digest_of_a_secret(platform: PlatformCase) -> None:
    """The mock of the engine gives both the same name, so all that could differ is what leads to the content."""
    one, other = (cluster(platform, {"gossip.json": json.dumps({"encrypt": text})}) for text in (CANARY, "another"))

    described = [
        {made.urn: made.inputs for made in seen.seen if not made.name.endswith("-secrets")} for seen in (one, other)
    ]
    assert described[0] == described[1]


@pytest.mark.parametrize("tier", ["consul-server", "consul-client"])
def test_another_generated_name_is_another_spec_hash(
    platform: PlatformCase, tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions = set()
    for suffix in ("5ec4e7", "0ther1"):
        monkeypatch.setattr(recording, "SUFFIX", suffix)
        arguments = platform.arguments(cluster(platform, {"gossip.json": GOSSIP}), tier)
        definitions |= {word for word in arguments if word.startswith("-node-meta=spec_hash:")}

    assert len(definitions) == 2


def test_a_program_is_refused_as_a_stack_file_is(platform: PlatformCase) -> None:
    def program() -> None:
        with pytest.raises(pulumi.RunError) as caught:
            ConsulCluster("consul", cluster_args(platform.cluster, agent_secrets={"a.json": "{", "../x": CANARY}))
        assert str(caught.value).splitlines()[1:] == [
            'cluster.agent_secrets["a.json"]: is no JSON, line 1 column 2',
            f'cluster.agent_secrets["../x"]: {ILLEGAL}',
        ]

    assert build(program).seen == []


def test_a_content_that_is_known_later_is_checked_later() -> None:
    async def delivered() -> Any:
        text = pulumi.Output.from_input(json.dumps({"data_dir": CANARY}))
        return await agent_secrets({"a.json": text}, None, None)["a.json"].future()

    with pytest.raises(pulumi.RunError) as caught:
        asyncio.run(delivered())

    assert str(caught.value) == (
        "the settings are refused:\n"
        'agent_secrets["a.json"].data_dir: not for agent configuration, the data is on the agent\'s own volume'
    )

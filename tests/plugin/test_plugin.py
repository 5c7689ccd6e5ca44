"""What programs in other languages see, without any engine."""

import asyncio
import json
import re
from typing import Any

import pulumi
from consul_on_pulumi.plugin import values
from consul_on_pulumi.plugin.names import to_settings
from consul_on_pulumi.plugin.schema import COMPONENTS, schema
from consul_on_pulumi.settings.cluster_args import ConsulClusterArgs
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

CLUSTER = "consul-on-pulumi:index:ConsulCluster"


def wire(properties: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(properties, struct_pb2.Struct())


def test_every_property_of_the_schema_is_described_and_no_type_is_called_args() -> None:
    made = schema()

    for shape in (*made["types"].values(), *made["resources"].values()):
        for group in ("properties", "inputProperties"):
            for name, found in shape.get(group, {}).items():
                assert found["description"], name
                assert "_" not in name
    assert not [token for token in made["types"] if token.endswith("Args")]
    assert set(made["resources"]) == {f"consul-on-pulumi:index:{one.__name__}" for one in COMPONENTS}


def test_every_type_that_the_schema_names_is_in_it_and_a_choice_of_words_is_one() -> None:
    made = schema()
    named = set(re.findall(r'"#/types/([^"]+)"', json.dumps(made)))

    assert named == set(made["types"])
    words = made["types"]["consul-on-pulumi:index:KubernetesSpread"]["enum"]
    assert words == [{"value": "soft"}, {"value": "hard"}]
    assert made["resources"][CLUSTER]["inputProperties"]["servers"]["type"] == "integer"


def test_texts_of_the_schema_are_of_no_language() -> None:
    text = json.dumps(schema())

    assert not re.findall(r"`(?:True|False|None|\{')|\bNone\b(?! by itself)|`\w+_(?:urls|snapshot|token)`", text)


def test_secrets_are_marked_in_the_schema() -> None:
    made = schema()

    assert made["resources"][CLUSTER]["inputProperties"]["agentSecrets"]["secret"]
    assert made["resources"][CLUSTER]["properties"]["managementToken"]["secret"]
    assert made["types"]["consul-on-pulumi:index:SeedSet"]["properties"]["secrets"]["secret"]


def test_settings_get_their_own_names_and_what_others_read_keeps_its_names() -> None:
    given = {"agentConfig": {"logLevel": "INFO"}, "platform": {"docker": {"httpPort": 1}}, "serverz": 1}

    assert to_settings(given, ConsulClusterArgs) == {
        "agent_config": {"logLevel": "INFO"},
        "platform": {"docker": {"http_port": 1}},
        "serverz": 1,
    }


def test_numbers_are_whole_and_only_the_secret_value_is_an_output() -> None:
    async def read() -> tuple[dict[str, Any], Any, bool]:
        secret = {rpc._special_sig_key: rpc._special_secret_sig, "value": {"password": "hunter2"}}
        found = values.arguments(wire({"servers": 3, "seedSets": {"db": {"secrets": secret, "prefix": "x"}}}))
        password = found["seedSets"]["db"]["secrets"].pop("password")
        assert isinstance(password, pulumi.Output)
        return found, await password.future(), await password.is_secret()

    found, password, secret = asyncio.run(read())

    assert found == {"servers": 3, "seedSets": {"db": {"secrets": {}, "prefix": "x"}}}
    assert isinstance(found["servers"], int)
    assert (password, secret) == ("hunter2", True)


def test_an_unknown_value_is_an_unknown_output() -> None:
    async def read() -> bool:
        found = values.arguments(wire({"seeds": {"db": rpc.UNKNOWN}}))
        return bool(await found["seeds"]["db"].is_known())

    assert not asyncio.run(read())


def test_outputs_with_a_secret_return_marked() -> None:
    given = wire({"a": {rpc._special_sig_key: rpc._special_secret_sig, "value": "x"}, "b": "y"})

    async def marked() -> struct_pb2.Struct:
        return await values.marked(values.plain(given), values.secret_names(given))

    back = json_format.MessageToDict(asyncio.run(marked()))
    assert back["a"][rpc._special_sig_key] == rpc._special_secret_sig
    assert back["b"] == "y"

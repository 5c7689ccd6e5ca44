from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue

from kubernetes_plugin import checkpoint, values
from kubernetes_plugin.objects import UNKNOWN, unknown_within
from tests.kubernetes_plugin.documents import hidden, secret

SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.text(min_size=1).filter(lambda key: not key.startswith(("x_kubernetes_", "x-kubernetes-")))
DOCUMENTS = st.dictionaries(KEYS, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))


def properties(**given: Any) -> dict[str, PropertyValue]:
    return {name: values.property_value(value) for name, value in given.items()}


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was(document: dict[str, Any]) -> None:
    assert values.document({key: values.property_value(value) for key, value in document.items()}) == document


def test_whole_numbers_are_integers() -> None:
    port = values.plain(PropertyValue(8500.0))

    assert (port, type(port)) == (8500, int)
    assert values.plain(PropertyValue(0.5)) == 0.5


def test_an_absent_value_is_left_out() -> None:
    nested = PropertyValue({"a": PropertyValue.null(), "b": PropertyValue("x")})

    assert values.document({"spec": nested, "data": PropertyValue.null()}) == {"spec": {"b": "x"}}


def test_a_file_has_no_place_in_an_object() -> None:
    with pytest.raises(ValueError, match="assets"):
        values.plain(PropertyValue(pulumi.StringAsset("x")))


def test_keys_of_a_definitions_schema_are_respelled() -> None:
    given_ = {"schema": values.property_value({"x_kubernetes_list_type": "map"})}

    assert values.document(given_) == {"schema": {"x-kubernetes-list-type": "map"}}
    (back,) = values.properties({"x-kubernetes-list-type": "map"}, {})
    assert back == "x_kubernetes_list_type"


def test_the_content_of_a_secret_is_always_secret() -> None:
    found = values.properties(secret(data={"a": "eA=="}, stringData={"b": "x"}, type="Opaque"), {})

    assert {key for key, value in found.items() if value.is_secret} == {"data", "stringData"}


def test_what_was_secret_stays_secret_and_nothing_else_becomes_it() -> None:
    source = {"data": PropertyValue({"token": hidden("x"), "name": PropertyValue("y")})}
    found = values.properties({"kind": "ConfigMap", "data": {"token": "new", "name": "y", "more": "z"}}, source)
    data: Any = found["data"].value

    assert not found["data"].is_secret
    assert {key for key, value in data.items() if value.is_secret} == {"token"}


def test_a_secret_in_a_list_hides_the_list() -> None:
    source = {"spec": PropertyValue({"args": PropertyValue([PropertyValue("a"), hidden("b")])})}
    spec: Any = values.properties({"spec": {"args": ["b", "a"], "image": "i"}}, source)["spec"].value

    assert (spec["args"].is_secret, spec["image"].is_secret) == (True, False)


def test_a_secret_object_hides_all_of_it() -> None:
    found = values.properties({"spec": {"a": "b"}}, {"spec": hidden({"a": PropertyValue("b")})})

    assert found["spec"].is_secret


def test_unknown_values_are_seen_wherever_they_are() -> None:
    assert unknown_within(values.document(properties(spec={"list": [{"name": UNKNOWN}]})))
    assert not unknown_within(values.document(properties(spec={"list": [{"name": "known"}]})))


def test_a_checkpoint_comes_back_as_it_was() -> None:
    inputs, live = {"apiVersion": "v1", "kind": "ConfigMap"}, {"kind": "ConfigMap", "metadata": {"uid": "1"}}
    state = checkpoint.build(inputs, live, "pulumi-kubernetes-1234abcd", {})

    assert checkpoint.parse(state) == checkpoint.Checkpoint(inputs, live, "pulumi-kubernetes-1234abcd")
    assert {"__inputs", "__initialApiVersion", "__fieldManager"} < set(state)


def test_the_inputs_in_a_checkpoint_are_as_secret_as_the_live_object() -> None:
    source = properties(kind="ConfigMap") | {"data": PropertyValue({"a": hidden("x")})}
    document = {"kind": "ConfigMap", "data": {"a": "x"}}
    state: Any = checkpoint.build(document, document, "m", source)

    assert state["data"].value["a"].is_secret
    assert state["__inputs"].value["data"].value["a"].is_secret

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernetes_plugin.objects import UNKNOWN
from kubernetes_plugin.quantity import canonical
from kubernetes_plugin.shape import normalized, pruned, with_dropped
from tests.kubernetes_plugin.documents import secret


@pytest.mark.parametrize(
    ("live", "shape", "left"),
    [
        ({"a": 1, "b": 2}, {"a": 0}, {"a": 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 0, "d": 0}}, {"a": {"c": 2}}),
        ([{"a": 1, "b": 2}, {"a": 3}], [{"a": 0}], [{"a": 1}]),
        ([1], [1, 2], [1]),
        ({"a": "x"}, {"a": {"b": 1}}, {"a": "x"}),
    ],
)
def test_a_live_value_is_cut_to_the_shape_of_the_inputs(live: Any, shape: Any, left: Any) -> None:
    assert pruned(live, shape) == left


@given(st.recursive(st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_value_has_its_own_shape(value: Any) -> None:
    assert pruned(value, value) == value


def test_what_the_server_dropped_is_taken_as_there() -> None:
    inputs = {"hostNetwork": False, "nodeSelector": {}, "image": "a", "list": [{"tty": False}]}

    assert with_dropped({"image": "b", "list": [{}]}, inputs) == inputs | {"image": "b"}


def test_what_somebody_took_away_is_not() -> None:
    before = {"automountServiceAccountToken": False, "list": [{"tty": False}]}

    assert with_dropped({"list": [{}]}, before, before) == {"list": [{}]}


def test_read_only_metadata_is_no_input() -> None:
    metadata = {"name": "a", "uid": "1", "resourceVersion": "2", "generation": 3, "managedFields": []}

    assert normalized({"metadata": metadata}) == {"metadata": {"name": "a"}}


def test_texts_of_a_secret_are_its_data() -> None:
    found = normalized(secret(stringData={"a": "x", "b": UNKNOWN}, data={"a": "old", "c": "eQ=="}))

    assert "stringData" not in found
    assert found["data"] == {"a": base64.b64encode(b"x").decode(), "b": UNKNOWN, "c": "eQ=="}


def test_texts_that_are_not_known_yet_leave_the_data_unknown() -> None:
    assert normalized(secret(stringData=UNKNOWN))["data"] == UNKNOWN


def test_quantities_are_compared_as_the_server_spells_them() -> None:
    limits = {"resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": 1}}}
    spelled = {"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "1"}}}

    assert normalized({"spec": {"containers": [limits]}}) == {"spec": {"containers": [spelled]}}
    assert normalized({"spec": {"sizeLimit": "2048Ki"}}) == {"spec": {"sizeLimit": "2Mi"}}
    assert normalized({"data": {"cpu": "0.5"}}) == {"data": {"cpu": "0.5"}}


# What an API server 1.34 answers for limits of these spellings.
@pytest.mark.parametrize(
    ("spelled", "stored"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1500m", "1500m"),
        ("100u", "100u"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1023Mi", "1023Mi"),
        ("2048", "2048"),
        ("1000", "1k"),
        ("1000000", "1M"),
        ("0.1", "100m"),
        ("0", "0"),
        ("1Ki", "1Ki"),
        ("0.5Ki", "512"),
        ("1e3", "1e3"),
        (2, "2"),
    ],
)
def test_a_quantity_has_one_spelling(spelled: str | int, stored: str) -> None:
    assert canonical(spelled) == stored
    assert canonical(stored) == stored


@pytest.mark.parametrize("other", ["large", "", "1Zi", True, None, {"a": "0.5"}])
def test_what_is_no_quantity_is_not_touched(other: Any) -> None:
    assert canonical(other) == other

from typing import Any

import pytest

from kubernetes_plugin.difference import Change, compare, deletes_first, spell
from kubernetes_plugin.objects import UNKNOWN
from kubernetes_plugin.replacing import replacing_fields
from tests.kubernetes_plugin.documents import Object, config_map, secret, stateful_set


def differences(old: Object, live: Object, new: Object, *, namespaced: bool = True) -> dict[str, tuple[Change, bool]]:
    found = compare(old, live, new, namespaced=namespaced, fields=replacing_fields(new))
    return {one.property_path: (one.change, one.replaces) for one in found}


def test_what_is_as_it_shall_be_is_no_difference() -> None:
    mine = config_map(data={"a": "1"})
    live = config_map(data={"a": "1"}) | {"metadata": config_map()["metadata"] | {"uid": "1", "generation": 1}}

    assert differences(mine, live, mine) == {}


def test_what_the_server_adds_is_no_difference() -> None:
    mine = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
    spec = {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}], "clusterIP": "10.0.0.9", "type": "ClusterIP"}

    assert differences(mine, mine | {"spec": spec, "status": {}}, mine) == {}


def test_values_are_added_changed_and_taken_away() -> None:
    old, new = stateful_set(a="x", b={"c": 1}, d=[1, 2]), stateful_set(a="y", d=[1], e={"f": {}})

    assert differences(old, old, new) == {
        "spec.a": (Change.UPDATE, False),
        "spec.b": (Change.DELETE, False),
        "spec.d[1]": (Change.DELETE, False),
        "spec.e": (Change.ADD, False),
    }


def test_drift_is_a_difference() -> None:
    mine = stateful_set(replicas=3)

    assert differences(mine, stateful_set(replicas=1), mine) == {"spec.replicas": (Change.UPDATE, False)}


def test_paths_are_spelled_as_pulumi_does() -> None:
    assert spell(("metadata", "labels", "app.kubernetes.io/name")) == 'metadata.labels["app.kubernetes.io/name"]'
    assert spell(("spec", "containers", 0, "image")) == "spec.containers[0].image"
    assert spell(('a"b', "c")) == '["a\\"b"].c'


def test_true_is_not_one() -> None:
    old, new = stateful_set(a=1), stateful_set(a=True)

    assert differences(old, old, new) == {"spec.a": (Change.UPDATE, False)}


def test_a_value_that_is_not_known_yet_is_a_difference() -> None:
    old, new = config_map(labels={"a": "b"}), config_map(labels=UNKNOWN, more=UNKNOWN)

    assert differences(old, old, new) == {"labels": (Change.UPDATE, False), "more": (Change.ADD, False)}


def test_the_default_namespace_may_be_left_out() -> None:
    unplaced = config_map() | {"metadata": {"name": "settings"}}

    assert differences(unplaced, config_map(), unplaced) == {}
    assert differences(config_map(), config_map(), unplaced) == {}


def test_another_name_or_namespace_replaces() -> None:
    elsewhere = config_map() | {"metadata": {"name": "other", "namespace": "web"}}

    assert differences(config_map(), config_map(), elsewhere) == {
        "metadata.name": (Change.UPDATE, True),
        "metadata.namespace": (Change.UPDATE, True),
    }


def test_what_has_no_namespace_is_not_compared_by_it() -> None:
    here, there = ({"kind": "Namespace", "metadata": {"name": "a", "namespace": where}} for where in ("x", "y"))

    assert differences(here, here, there, namespaced=False) == {}


@pytest.mark.parametrize("mine", [config_map(data={"a": "1"}), secret(data={"a": "MQ=="})])
def test_other_content_replaces(mine: Object) -> None:
    new = mine | {"data": {"a": "Mg=="}}

    assert differences(mine, mine, new) == {"data.a": (Change.UPDATE, True)}


def test_texts_and_data_of_a_secret_are_the_same_thing() -> None:
    texts, data = secret(stringData={"a": "1"}), secret(data={"a": "MQ=="})

    assert differences(texts, data, texts) == {}
    assert differences(texts, data, data) == {}


def test_false_that_the_server_drops_is_no_difference_but_a_new_wish_is() -> None:
    mine, bare = stateful_set(hostNetwork=False), stateful_set()

    assert differences(mine, bare, mine) == {}
    assert differences(bare, bare, mine) == {"spec.hostNetwork": (Change.ADD, False)}


@pytest.mark.parametrize(
    ("new", "live", "autonamed", "first"),
    [
        (config_map(), config_map(), False, True),
        (config_map(), config_map(), True, False),
        (config_map("other"), config_map(), False, False),
        (config_map() | {"metadata": {"name": "settings", "namespace": "web"}}, config_map(), False, False),
        (config_map() | {"metadata": {"name": "settings"}}, config_map(), False, True),
    ],
)
def test_the_old_one_goes_first_only_if_the_new_one_has_its_name(
    new: Any, live: Any, autonamed: bool, first: bool
) -> None:
    assert deletes_first(new, live, autonamed=autonamed, namespaced=True) is first

import re

from kubernetes_plugin import naming
from kubernetes_plugin.objects import name_of
from tests.kubernetes_plugin.documents import config_map


def unnamed() -> dict[str, object]:
    return {"kind": "ConfigMap", "metadata": {"labels": {"a": "b"}}}


def test_an_object_without_a_name_gets_one_that_says_so() -> None:
    named = naming.named(unnamed(), {}, "settings", b"")

    assert re.fullmatch("settings-[0-9a-f]{8}", name_of(named))
    assert naming.is_autonamed(named)
    assert named["metadata"]["labels"] == {"a": "b"}


def test_the_update_after_a_preview_gives_the_same_name() -> None:
    names = {name_of(naming.named(unnamed(), {}, "settings", seed)) for seed in (b"1", b"1", b"2")}

    assert len(names) == 2


def test_without_a_seed_names_differ() -> None:
    assert len({name_of(naming.named(unnamed(), {}, "settings", b"")) for _ in range(5)}) == 5


def test_a_given_name_is_kept_by_updates() -> None:
    old = naming.named(unnamed(), {}, "settings", b"1")
    new = naming.named(unnamed(), old, "settings", b"2")

    assert name_of(new) == name_of(old)
    assert naming.is_autonamed(new)


def test_a_name_of_the_users_own_is_not_touched() -> None:
    mine = config_map()

    assert naming.named(mine, {}, "settings", b"1") == mine
    assert naming.named(mine, naming.named(unnamed(), {}, "settings", b"1"), "settings", b"2") == mine


def test_the_users_name_is_not_kept_when_it_is_taken_out() -> None:
    assert naming.named(unnamed(), config_map(), "settings", b"1") == unnamed()


def test_the_field_manager_is_chosen_kept_or_new() -> None:
    chosen = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}

    assert naming.field_manager({"__fieldManager": "kept"}, chosen) == "mine"
    assert naming.field_manager({"__fieldManager": "kept"}, config_map()) == "kept"
    assert re.fullmatch("pulumi-kubernetes-[0-9a-f]{8}", naming.field_manager({}, config_map()))
    assert naming.field_manager({}, {}) != naming.field_manager({}, {})

from typing import Any

import pytest

from kubernetes_plugin.ignoring import ignored, parsed, with_live


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.replicas", ("spec", "replicas")),
        ("spec.containers[0].image", ("spec", "containers", 0, "image")),
        ("spec.containers[*].image", ("spec", "containers", "*", "image")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ('["a\\"b"].c', ('a"b', "c")),
    ],
)
def test_a_path_is_read_as_pulumi_writes_it(text: str, path: Any) -> None:
    assert parsed(text) == path


@pytest.mark.parametrize(
    ("path", "ignore", "is_ignored"),
    [
        (("spec", "replicas"), "spec.replicas", True),
        (("spec", "template", "a"), "spec.template", True),
        (("spec",), "spec.replicas", False),
        (("spec", "containers", 3, "image"), "spec.containers[*].image", True),
        (("spec", "containers", 3, "image"), "spec.containers[0]", False),
    ],
)
def test_what_lies_in_an_ignored_path_is_ignored(path: Any, ignore: str, is_ignored: bool) -> None:
    assert ignored(path, [ignore]) is is_ignored


def test_what_is_ignored_keeps_its_live_value() -> None:
    new = {"spec": {"replicas": 1, "image": "new", "list": [{"a": 1, "b": 1}]}}
    live = {"spec": {"replicas": 5, "image": "old", "list": [{"a": 2, "b": 2}]}}

    assert with_live(new, live, ["spec.replicas", "spec.list[*].a", "spec.absent.deep"]) == {
        "spec": {"replicas": 5, "image": "new", "list": [{"a": 2, "b": 1}]}
    }

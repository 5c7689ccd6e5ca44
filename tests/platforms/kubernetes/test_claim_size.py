"""Claims grow and get labels in place. Only a real storage class shows whether a volume can grow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.platforms.kubernetes.providers.claim_size import ClaimSizeProvider
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_kubernetes import FakeKubernetes

CLAIMS = ["data-dev-server-0", "data-dev-server-1"]


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    claims: dict[str, Any] = {
        name: {"metadata": {"labels": {"a": "1"}}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}
        for name in CLAIMS
    }
    with FakeKubernetes(claims=claims) as running:
        running.is_the_current(monkeypatch, tmp_path)
        yield running


def props(size: str = "10Gi", **more: Any) -> dict[str, Any]:
    return {
        "claims": CLAIMS,
        "size": size,
        "labels": {"a": "1"},
        "cluster": "_",
        "namespace": "dev",
        "stateful_set": "dev-server",
        "revision": 1,
    } | more


def sizes(kubernetes: FakeKubernetes) -> list[str]:
    return [claim["spec"]["resources"]["requests"]["storage"] for claim in kubernetes.claims.values()]


def test_every_claim_grows(kubernetes: FakeKubernetes) -> None:
    result = ClaimSizeProvider().update("id", props(), props("20Gi"))

    assert sizes(kubernetes) == ["20Gi", "20Gi"]
    assert result.outs == props("20Gi")


def test_c5_every_claim_gets_new_labels_and_loses_old_ones(kubernetes: FakeKubernetes) -> None:
    ClaimSizeProvider().update("id", props(), props(labels={"b": "2"}))

    assert [claim["metadata"]["labels"] for claim in kubernetes.claims.values()] == [{"b": "2"}] * 2


def test_a_claim_without_a_difference_is_not_changed(kubernetes: FakeKubernetes) -> None:
    ClaimSizeProvider().create(props())

    assert {method for method, _ in kubernetes.asked} == {"GET"}


def test_a_larger_or_missing_claim_is_not_changed(kubernetes: FakeKubernetes) -> None:
    kubernetes.claims.pop(CLAIMS[0])

    ClaimSizeProvider().create(props("9Gi"))

    assert sizes(kubernetes) == ["10Gi"]


def test_a_refusal_of_kubernetes_is_reported(kubernetes: FakeKubernetes) -> None:
    path = "/api/v1/namespaces/dev/persistentvolumeclaims"
    kubernetes.refusals["PATCH", path] = (403, "only dynamically provisioned pvc can be resized")

    with pytest.raises(RefusedError) as caught:
        ClaimSizeProvider().update("id", props(), props("20Gi"))

    assert "with 403 only dynamically provisioned pvc can be resized: use a StorageClass with" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("10Gi", "9Gi", True),
        ("10Gi", "10240Mi", False),
        ("10Gi", "10G", True),
        ("10Gi", "20Gi", False),
        ("10Gi", UNKNOWN, False),
        (None, "1Gi", False),
    ],
    ids=str,
)
def test_a_smaller_size_is_refused_in_the_preview(before: str | None, after: str, refused: bool) -> None:
    olds = {} if before is None else props(before)

    failures = ClaimSizeProvider().check(olds, props(after)).failures

    assert [failure.reason for failure in failures] == (
        [
            "cluster.platform.kubernetes.storage.size: expected at least 10Gi, since a volume cannot shrink, "
            f"got {after}: set it back to 10Gi"
        ]
        if refused
        else []
    )


FAST = "/apis/storage.k8s.io/v1/storageclasses/fast"


def reasons(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    return [failure.reason for failure in ClaimSizeProvider().check(olds, news).failures]


def of_class(kubernetes: FakeKubernetes, **storage_class: Any) -> None:
    for claim in kubernetes.claims.values():
        claim["spec"]["storageClassName"] = "fast"
    kubernetes.objects[FAST] = {"metadata": {"name": "fast"}, **storage_class}


@pytest.mark.parametrize("storage_class", [{}, {"allowVolumeExpansion": False}], ids=str)
def test_a_larger_size_of_volumes_that_cannot_grow_is_refused_in_the_preview(
    kubernetes: FakeKubernetes, storage_class: dict[str, bool]
) -> None:
    of_class(kubernetes, **storage_class)

    assert reasons(props(), props("20Gi")) == [
        "cluster.platform.kubernetes.storage.size: expected 10Gi, since StorageClass fast lets no volume grow "
        "(`allowVolumeExpansion`), got 20Gi: set it back to 10Gi"
    ]
    assert reasons(props(), props()) == reasons({}, props("20Gi")) == []


def test_a_larger_size_is_accepted_if_volumes_can_grow_or_have_grown(kubernetes: FakeKubernetes) -> None:
    of_class(kubernetes, allowVolumeExpansion=True)
    assert reasons(props(), props("20Gi")) == []

    of_class(kubernetes)
    for claim in kubernetes.claims.values():
        claim["spec"]["resources"]["requests"]["storage"] = "20Gi"
    assert reasons(props(), props("20Gi")) == []


@pytest.mark.parametrize("status", [403, 503])
def test_a_larger_size_is_accepted_if_the_storage_class_cannot_be_read(kubernetes: FakeKubernetes, status: int) -> None:
    of_class(kubernetes)
    kubernetes.refusals["GET", FAST] = (status, "not now")

    assert reasons(props(), props("20Gi")) == []


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({}, False),
        ({"size": "20Gi"}, True),
        ({"claims": CLAIMS[:1]}, True),
        ({"labels": {}}, True),
        ({"revision": 2}, True),
    ],
    ids=str,
)
def test_another_size_claim_or_label_is_an_update(change: dict[str, Any], changes: bool) -> None:
    assert ClaimSizeProvider().diff("id", props(), props(**change)).changes is changes

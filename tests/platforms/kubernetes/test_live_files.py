"""Secret files of pods that change in place, on a fake API server."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes import operations
from consul_on_pulumi.platforms.kubernetes.providers.live_files import LiveFilesProvider

from tests.doubles.fake_kubernetes import NAMESPACE, FakeKubernetes

LOCATION = {"platform": "kubernetes", "cluster": "dev", "namespace": NAMESPACE, "kubernetes_cluster": "_"}
PATH = f"/api/v1/namespaces/{NAMESPACE}/secrets/dev-server-security"


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as fake:
        fake.is_the_current(monkeypatch, tmp_path)
        yield fake


def test_the_secret_changes_in_place(kubernetes: FakeKubernetes) -> None:
    props: dict[str, Any] = {
        "cluster": "_",
        "namespace": NAMESPACE,
        "secret": "dev-server-security",
        "labels": {"a": "b"},
    }
    provider, files = LiveFilesProvider(), {"files": {"security.json": "{}"}}

    provider.create(props | files)
    assert kubernetes.objects[PATH]["data"] == {"security.json": base64.b64encode(b"{}").decode()}
    changed = props | {"files": {"security.json": "other"}}
    assert not provider.diff("id", props | files, changed).replaces
    provider.update("id", props | files, changed)
    assert kubernetes.objects[PATH]["data"] == {"security.json": base64.b64encode(b"other").decode()}
    provider.delete("dev-server-security", changed)
    assert PATH not in kubernetes.objects


PROPS: dict[str, Any] = {
    "cluster": "_",
    "namespace": NAMESPACE,
    "secret": "dev-server-security",
    "labels": {"a": "b"},
    "files": {"security.json": "{}"},
    "revision": 1,
}


def test_a_secret_that_somebody_deleted_is_written_again(kubernetes: FakeKubernetes) -> None:
    provider = LiveFilesProvider()
    provider.create(PROPS)
    assert provider.diff("id", PROPS, PROPS).changes is False
    assert provider.read("id", PROPS).outs == PROPS

    del kubernetes.objects[PATH]

    assert provider.diff("id", PROPS, PROPS).changes is True
    assert provider.read("id", PROPS).id is None
    provider.update("id", PROPS, PROPS)
    assert PATH in kubernetes.objects


def test_a_secret_whose_data_somebody_changed_is_written_again(kubernetes: FakeKubernetes) -> None:
    LiveFilesProvider().create(PROPS)
    kubernetes.objects[PATH]["data"] = {}

    assert LiveFilesProvider().diff("id", PROPS, PROPS).changes is True


@pytest.mark.parametrize("status", [403, 503])
def test_without_an_answer_the_secret_stays_in_the_state(kubernetes: FakeKubernetes, status: int) -> None:
    kubernetes.refusals["GET", PATH] = (status, "not now")

    assert LiveFilesProvider().diff("id", PROPS, PROPS).changes is False
    assert LiveFilesProvider().read("id", PROPS).outs == PROPS


def test_a_secret_without_its_namespace_is_an_error(kubernetes: FakeKubernetes) -> None:
    kubernetes.refusals["PATCH", PATH] = (404, f'namespaces "{NAMESPACE}" not found')

    with pytest.raises(
        RefusedError, match=f"PATCH {PATH} with 404: the namespace does not exist. Run `pulumi refresh`"
    ):
        LiveFilesProvider().create(PROPS)


def test_every_pod_is_asked_and_its_kubelet_told(kubernetes: FakeKubernetes) -> None:
    labels = {"app.kubernetes.io/name": "consul", "app.kubernetes.io/instance": "dev"}
    for pod in kubernetes.pods.values():
        pod["metadata"]["labels"] = {**labels, "app.kubernetes.io/component": "server"}
    kubernetes.pods["dev-server-1"]["metadata"]["labels"]["consul-on-pulumi/security"] = "speak"

    assert operations.phases(LOCATION, {}) == {"dev-server-0": "", "dev-server-1": "speak", "dev-server-2": ""}
    assert operations.agents(LOCATION, Role.CLIENT, {}) == {}
    kubernetes.pods["dev-server-2"]["metadata"]["deletionTimestamp"] = "now"
    assert operations.agents(LOCATION, Role.SERVER, {}) == {
        f"dev-server-{ordinal}": f"http+kubernetes://_/{NAMESPACE}/dev-server-{ordinal}:8501" for ordinal in (0, 1)
    }
    operations.bring_files(LOCATION, "dev-server-0", {}, "mark")
    assert kubernetes.pods["dev-server-0"]["metadata"]["annotations"]["consul-on-pulumi/files"] == "mark"

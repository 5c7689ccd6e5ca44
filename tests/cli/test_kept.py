"""What a destroy says of the data that it kept, on every backend."""

from typing import Any

import pytest
from consul_on_pulumi.cli import retained
from consul_on_pulumi.model.topology import Role
from consul_on_pulumi.platforms.kubernetes.tier import selector

from tests.cli.conftest import Stack
from tests.doubles.fake_kubernetes import FakeKubernetes

KEPT = {"platform": {"kubernetes": {"namespace": "dev", "retain_data": True}}}


def claim(name: str, cluster: str = "dev", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": selector(cluster, Role.SERVER)} | metadata}


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    retained.main("dev")
    return capsys.readouterr().out.splitlines()


def test_claims_that_nothing_takes_away_are_named(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=KEPT)
    found = [
        claim("data-dev-server-1"),
        claim("data-dev-server-0"),
        claim("data-dev-server-2", deletionTimestamp="2026-01-01T00:00:00Z"),
        claim("data-dev-server-3", ownerReferences=[{"kind": "StatefulSet"}]),
        claim("data-other-server-0", cluster="other"),
    ]
    api_server.claims = {one["metadata"]["name"]: one for one in found}

    assert said(capsys) == [
        "data was kept and the next `up` finds it: data-dev-server-0, data-dev-server-1",
        "to remove it for good: "
        "kubectl --namespace dev delete persistentvolumeclaim data-dev-server-0 data-dev-server-1",
    ]


def test_the_command_leads_to_the_cluster_of_the_settings(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings={"platform": {"kubernetes": {"namespace": "dev", "context": "here"}}})
    api_server.claims = {"data-dev-server-0": claim("data-dev-server-0")}

    assert "kubectl --context here --namespace dev " in said(capsys)[1]


def test_nothing_is_said_where_nothing_was_kept(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack()

    assert said(capsys) == []


def test_an_api_server_that_refuses_is_told_and_no_traceback(
    stack: Stack, api_server: FakeKubernetes, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(settings=KEPT)
    api_server.refusals["GET", "/api/v1/namespaces/dev/"] = (403, "you may not list")

    assert said(capsys) == [
        "what data was kept cannot be told: the Kubernetes API server refused: you may not list",
    ]


@pytest.mark.parametrize("keep", [True, False])
def test_a_missing_docker_command_is_told_where_data_was_to_be_kept(
    stack: Stack, capsys: pytest.CaptureFixture[str], keep: bool
) -> None:
    stack(settings={"platform": {"docker": {"retain_data": keep}}})

    assert said(capsys) == (["what data was kept cannot be told: there is no docker command"] if keep else [])

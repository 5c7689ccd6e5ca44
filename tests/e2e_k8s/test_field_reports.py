"""Faults from the field on real pods, each test named after its row."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.e2e import consul
from tests.e2e.conftest import FLAT, SEEDS
from tests.e2e.waiting import eventually
from tests.e2e_k8s.stack import PodCluster, stood_up
from tests.e2e_k8s.test_stack import operation

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(kubernetes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PodCluster]:
    """Three servers with the seeds."""
    with stood_up(tmp_path_factory.mktemp("field"), "e2e-field", kubernetes, {"seeds": SEEDS, "clients": 0}) as made:
        made.up()
        made.all_vote(3)
        yield made


def failure(stack: PodCluster) -> str:
    """The error of an update; empty where it succeeds."""
    try:
        stack.up()
    except automation.CommandError as error:
        return str(error)
    return ""


def has_its_seeds(stack: PodCluster) -> None:
    for base in stack.addresses():
        assert {key: consul.text(base, key) for key in FLAT} == FLAT


def test_b10_servers_that_somebody_scaled_away_are_named_and_vote_when_the_update_ends(
    stack: PodCluster, tmp_path: Path
) -> None:
    consul.write(stack.addresses()[0], "night", "before nobody was left")
    # As tools do that stop at night what nobody uses.
    stack.kubectl("scale", "statefulset", f"{stack.name}-server", "--replicas=0", "--namespace", stack.name)
    eventually("no pod", stack.uids, lambda found: not found, 90)

    stack.preview()
    assert ("update", "consul-server-rollout") in stack.steps
    assert "asks for 0 pods and not for 3: somebody scaled it" in "".join(stack.log)
    lost = failure(stack)
    if lost:
        # Both followers left, and the last server is the only one that knows itself.
        assert "run `consul-on-pulumi recover`" in lost
        assert operation(stack, tmp_path, "recover").returncode == 0
        stack.up()

    stack.all_vote(3, within=2)
    assert consul.text(stack.addresses()[1], "night") == "before nobody was left"
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_recover_brings_back_servers_of_which_most_lost_their_claims(stack: PodCluster, tmp_path: Path) -> None:
    lost = [f"{stack.name}-server-{ordinal}" for ordinal in (1, 2)]
    consul.write(stack.addresses()[0], "kept", "by the server that stays")
    before = stack.uids()
    claims = [f"data-{name}" for name in lost]
    stack.kubectl("delete", "persistentvolumeclaim", *claims, "--namespace", stack.name, "--wait=false")
    stack.kubectl("delete", "pod", *lost, "--namespace", stack.name, "--grace-period=0", "--force")
    eventually("new pods", lambda: stack.pods("server"), lambda found: len(found) == 3 and all(found.values()), 60)
    eventually("empty servers", lambda: consul.leaders(stack.addresses()), lambda found: found == {""}, 60)

    done = operation(stack, tmp_path, "recover")

    assert done.returncode == 0, done.stderr
    stack.all_vote(3, within=60)
    assert consul.text(stack.addresses()[1], "kept") == "by the server that stays"
    has_its_seeds(stack)
    assert before[f"{stack.name}-server-0"] == stack.uids()[f"{stack.name}-server-0"], "restarted in its pod"


def test_the_namespace_stays_with_its_claims_where_a_refresh_of_another_cluster_forgot_it(stack: PodCluster) -> None:
    consul.write(stack.addresses()[0], "kept", "with the claims")

    def uids() -> set[str]:
        claims = stack.kubectl.get("persistentvolumeclaims", "--namespace", stack.name)["items"]
        found = [stack.kubectl.get("namespace", stack.name), *claims]
        return {one["metadata"]["uid"] for one in found}

    def forget(resources: list[dict[str, Any]]) -> None:
        """Of what a refresh asks Consul or nobody for, the state keeps what it holds."""
        kept = re.compile("pulumi:|consul-on-pulumi:|.*:(ClusterIdentity|KvEntries)$")
        resources[:] = [one for one in resources if kept.match(one["type"])]
        for one in resources:
            for name in ("dependencies", "propertyDependencies", "deletedWith"):
                one.pop(name, None)

    before = uids()
    stack.rewrite(forget)
    done = stack.attempt("up", "--yes", "--skip-preview", PULUMI_K8S_UPSERT_EXISTING_OBJECTS="true")

    assert done.returncode == 0, done.stdout
    assert f"Namespace {stack.name} has the ID of this cluster" in done.stdout
    assert uids() == before
    stack.all_vote(3, within=2)
    assert consul.text(stack.addresses()[1], "kept") == "with the claims"
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_b8_a_namespace_that_somebody_deleted_comes_back_with_its_seeds(stack: PodCluster) -> None:
    stack.kubectl("delete", "namespace", stack.name, "--wait=true", "--timeout=120s")

    for operate in ("preview", "up"):
        assert f"StatefulSet {stack.name}/{stack.name}-server does not exist" in stack.refused(operate)
    stack.refresh()
    stack.up()

    stack.all_vote(3, within=2)
    has_its_seeds(stack)
    assert stack.preview().keys() == {"same"}, stack.changed()


def test_c8_a_lone_server_votes_and_its_service_answers_when_the_update_ends(stack: PodCluster) -> None:
    stack.change(servers=1)
    began = time.monotonic()

    stack.up()

    assert time.monotonic() - began < 90
    stack.all_vote(1, within=2)
    assert consul.leaders([stack.service(f"{stack.name}-http")]) != {""}


def test_a6_the_only_copy_of_the_data_does_not_go_with_a_pod(stack: PodCluster) -> None:
    claim = f"data-{stack.name}-server-0"
    stack.kubectl("delete", "persistentvolumeclaim", claim, "--namespace", stack.name, "--wait=false")
    before = stack.uids()
    stack.change(agent_config={"log_level": "DEBUG"})

    for operate in ("preview", "up"):
        assert f"claim {claim} of namespace {stack.name} has been marked for deletion" in stack.refused(operate)
    assert stack.uids() == before
    has_its_seeds(stack)

"""`--target`, `--exclude` and `--replace` pass no gate: the engine then gives the old outputs of what it leaves out."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster, resource_options
from consul_on_pulumi.platforms.docker import container_order
from consul_on_pulumi.platforms.docker.providers.voter_gate import RolloutStep

from tests.recording import build, cluster_args


def passed(
    let_through: Any, wanted: Any, waited_for: str = "new", container: str = "new", *, is_new: bool = False
) -> bool:
    """Whether server 1 may change; its RaftPeer waited for one container of server 0, which has another one now."""

    async def ask() -> bool:
        of = pulumi.Output.from_input
        gate: Any = SimpleNamespace(spec_hash=of(let_through))
        peer: Any = SimpleNamespace(server=of("dev-server-0"), agent=of(waited_for))
        step = RolloutStep(
            server="dev-server-1", names=["dev-server-0"], addresses=[of("http://one")], spec_hash=wanted
        )
        before: Any = (peer, SimpleNamespace(id=of(container)))
        group: Any = SimpleNamespace(is_new=of(is_new))
        return await container_order._passed(group, gate, step, before)

    return asyncio.run(ask())


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    waits: list[dict[str, Any]] = []
    monkeypatch.setattr(container_order, "wait_until_voter", waits.append)
    return waits


def test_a_container_changes_only_if_its_gate_let_this_specification_through(waits: list[dict[str, Any]]) -> None:
    assert passed("new", "new")
    assert not passed("old", "new")
    assert waits == []


def test_a_preview_that_does_not_know_the_specification_shows_the_change() -> None:
    assert passed("old", pulumi.UNKNOWN)


def test_a_server_waits_for_the_one_before_if_that_was_replaced_without_its_peer(waits: list[dict[str, Any]]) -> None:
    assert passed("new", "new", waited_for="old")
    (seen,) = waits
    assert seen == {
        "server": "dev-server-0",
        "names": ["dev-server-0"],
        "addresses": ["http://one"],
        "agent": "new",
    }


def test_servers_of_a_new_cluster_do_not_wait_for_each_other(waits: list[dict[str, Any]]) -> None:
    assert passed("new", "new", waited_for="old", is_new=True)
    assert waits == []


@pytest.mark.parametrize("answer", [True, False])
def test_a_resource_that_may_not_change_keeps_its_properties(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(resource_options.run, "mocks", lambda: None)

    async def passed() -> bool:
        return answer

    options: Any = resource_options.unchanged_unless("consul-server-0", passed)
    (keep,) = options.transforms
    args = pulumi.ResourceTransformArgs(
        custom=True, type_="docker:index/container:Container", name="consul-server-0", props={"image": "new"},
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )  # fmt: skip
    result: Any = asyncio.run(keep(args))
    if answer:
        assert result is None
    else:
        assert (result.props, result.opts.ignore_changes) == ({"image": "new"}, ["*"])
        assert result.opts.delete_before_replace is True


def test_containers_get_no_image_that_was_not_pulled_and_checked() -> None:
    seen = build(
        lambda: {"c": ConsulCluster("c", cluster_args({"docker": {"subnet": "172.30.0.0/24"}})).servers},
        computed={
            "c-server-image": {"name": "pulled"},
            "c-server-version": {"image": "checked"},
            "c-client-image": {"name": "pulled too"},
        },
    )
    assert seen["c-server-version"].inputs["image"] == "pulled"
    assert seen["c-server-1"].inputs["image"] == "checked"
    assert seen["c-client-0"].inputs["image"] == "pulled too"

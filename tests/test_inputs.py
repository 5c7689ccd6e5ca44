"""Whatever is only passed on may be an Output: of another resource, unknown in a preview, or secret."""

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from pulumi.runtime import rpc

from tests.platform_cases import PlatformCase
from tests.recording import Build, Other, build, cluster_args

SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


def unknown() -> pulumi.Output[Any]:
    """What a resource that does not exist yet computes."""

    async def value(known: Any) -> Any:
        return known

    return pulumi.Output(set(), value(None), value(False))


def cluster(platform: PlatformCase, *, preview: bool = False, **more: Callable[[], Any]) -> Build:
    """A cluster with these settings, which are made in the program: an Output belongs to a run."""

    def program() -> dict[str, Any]:
        args = {name: make() for name, make in more.items()}
        return {"servers": ConsulCluster("consul", cluster_args(platform.cluster, **args)).servers}

    return build(program, preview=preview)


def refused(platform: PlatformCase, *, preview: bool = False, **more: Callable[[], Any]) -> list[str]:
    """Why these settings are refused."""
    with pytest.raises(pulumi.RunError) as error:
        cluster(platform, preview=preview, **more)
    return str(error.value).splitlines()[1:]


def test_house_row_5_the_value_of_another_resource_is_seeded(platform: PlatformCase) -> None:
    def program() -> dict[str, Any]:
        database = Other("rds", {"endpoint": "db.example.com", "port": 5432, "name": "shop"})
        seeds = {"db": {"host": database.output("endpoint"), "name": "shop"}}
        sets = {"app": {"prefix": "app/", "entries": {"port": database.output("port"), "tls": True}}}
        args = cluster_args(platform.cluster, seeds=seeds, seed_sets=sets)
        return {"servers": ConsulCluster("consul", args).servers}

    seen = build(program)

    assert seen["consul-seeds"].inputs["entries"] == {"db/host": "db.example.com", "db/name": "shop"}
    assert seen["consul-seeds-app"].inputs["entries"] == {"app/port": "5432", "app/tls": "true"}
    assert seen["consul-seeds"].input_from["entries"] == {"rds"}
    assert "secrets" not in seen["consul-seeds"].inputs
    assert seen["consul-seeds"].inputs["cluster_keys"] == "app/port\napp/tls\ndb/host\ndb/name"


def test_house_row_5_a_value_that_is_not_known_yet_is_unknown_in_a_preview(platform: PlatformCase) -> None:
    seen = cluster(platform, preview=True, seeds=lambda: {"db": unknown(), "motd": "hi"})

    entries = seen["consul-seeds"].inputs["entries"]
    assert entries.keys() == {"db", "motd"}
    assert isinstance(entries["db"], pulumi.output.Unknown)
    assert entries["motd"] == "hi"


@pytest.mark.parametrize("preview", [False, True])
def test_house_row_5_a_secret_output_is_a_secret_seed(platform: PlatformCase, preview: bool) -> None:
    def sets() -> Any:
        return {"app": {"entries": {"password": pulumi.Output.secret("hush"), "user": pulumi.Output.from_input("me")}}}

    seen = cluster(platform, preview=preview, seeds=lambda: {"key": pulumi.Output.secret(42)}, seed_sets=sets)

    plain, app = seen["consul-seeds"].inputs, seen["consul-seeds-app"].inputs
    assert plain["secrets"] == SECRET | {"value": {"key": "42"}}
    assert plain["entries"] == {}
    assert app["secrets"] == SECRET | {"value": {"password": "hush"}}
    assert app["entries"] == {"user": "me"}
    assert "hush" not in str([one.inputs for one in seen.seen if one.type != seen["consul-seeds"].type])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": 1}, "has a map, whose keys have to be known in a preview: give each key an output of its own"),
        (["a"], "is a list, which one value cannot hold: write it as quoted text"),
        (None, "has no value, write '' for an empty one"),
        ("x" * 600_000, "has a value of 600000 bytes, at most 524288 fit"),
    ],
    ids=["map", "list", "none", "large"],
)
@pytest.mark.parametrize("secret", [False, True])
def test_a_value_that_cannot_be_stored_is_refused_when_it_is_known(
    platform: PlatformCase, value: Any, problem: str, secret: bool
) -> None:
    make = pulumi.Output.secret if secret else pulumi.Output.from_input

    assert refused(platform, preview=True, seeds=lambda: {"db": {"host": make(value)}}) == [
        f"cluster.seeds: key 'db/host' {problem}"
    ]
    assert refused(platform, seed_sets=lambda: {"s": {"prefix": "p/", "entries": {"k": make(value)}}}) == [
        f"cluster.seed_sets.s.entries: key 'p/k' {problem}"
    ]


def test_an_awaitable_is_seeded_like_an_output(platform: PlatformCase) -> None:
    seen = cluster(platform, seeds=lambda: {"db": asyncio.ensure_future(asyncio.sleep(0, "db.example.com"))})

    assert seen["consul-seeds"].inputs["entries"] == {"db": "db.example.com"}

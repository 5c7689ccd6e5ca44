"""What counts as lost, each rule with a change that breaks it and one that does not."""

from collections.abc import Sequence

import pytest
from consul_on_pulumi.platforms.docker.review import CONTAINER, GATE, NETWORK, VOLUME
from consul_on_pulumi.platforms.kubernetes.review import NAMESPACE, ROLL, STATEFUL_SET
from consul_on_pulumi.review.comment import comment, found_losses
from consul_on_pulumi.review.kv import TYPE as KV
from consul_on_pulumi.review.losses import Kind, refused

from tests.review.played import container, event, preview, said, server_group, stateful_set

VOLUMES = {"name": "dev-server-0-data"}
SERVER = event("same", CONTAINER, "server-0", container("dev-server-0"), container("dev-server-0"))
CLIENT = event("delete", CONTAINER, "client-0", container("dev-client-0", server=False))


def kinds(*lines: str) -> list[Kind]:
    return [loss.kind for loss in found_losses(preview(*lines))]


def replaced(kind: str, name: str) -> list[str]:
    return [event(op, kind, name, {"name": name}, {"name": name}) for op in ("delete-replaced", "create-replacement")]


LOSING: dict[str, tuple[Sequence[str], list[Kind]]] = {
    "a server's volume deleted": (
        [SERVER, event("delete", VOLUME, "server-0-data", VOLUMES)],
        [Kind.DATA, Kind.QUORUM],
    ),
    "a server's volume replaced": ([SERVER, *replaced(VOLUME, "server-0-data")], [Kind.DATA, Kind.QUORUM]),
    "a volume whose container is gone already": ([event("delete", VOLUME, "server-9-data", VOLUMES)], [Kind.DATA]),
    "a server removed": (
        [
            SERVER,
            event("delete", CONTAINER, "server-1", container("dev-server-1")),
            event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}),
        ],
        [Kind.DATA],
    ),
    "a server scaled away though data is kept": (
        [
            SERVER,
            event("same", VOLUME, "server-0-data", VOLUMES, VOLUMES, retained=True),
            event("delete", CONTAINER, "server-1", container("dev-server-1")),
            event("delete", GATE, "server-1-gate", {}),
            event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
        ],
        [Kind.DATA],
    ),
    "its volume, when its container is gone already": (
        [
            SERVER,
            event("same", VOLUME, "server-0-data", VOLUMES, VOLUMES, retained=True),
            event("delete", GATE, "server-1-gate", {}),
            event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
        ],
        [Kind.DATA],
    ),
    "the volume of a client that stays": (
        [
            event("same", CONTAINER, "client-0", container("c", server=False), container("c", server=False)),
            *replaced(VOLUME, "client-0-data"),
        ],
        [Kind.DATA],
    ),
    "the network replaced": ([SERVER, *replaced(NETWORK, "network")], [Kind.NETWORK]),
    "a seed set removed": ([event("delete", KV, "seeds", {"entries": {"a": "1"}})], [Kind.SEEDS]),
    "a StatefulSet deleted": ([event("delete", STATEFUL_SET, "server-stateful-set", stateful_set(3))], [Kind.DATA]),
    "a StatefulSet replaced": (
        [
            event("replace", STATEFUL_SET, "server-stateful-set", stateful_set(1), stateful_set(1)),
            event("same", ROLL, "server-rollout", server_group("dev-server-0"), server_group("dev-server-0")),
        ],
        [Kind.DATA, Kind.DATA, Kind.QUORUM],
    ),
    "pods scaled away": (
        [
            event("update", STATEFUL_SET, "server-stateful-set", stateful_set(3), stateful_set(1)),
            event("update", ROLL, "server-rollout", server_group("s-0", "s-1", "s-2"), server_group("s-0")),
        ],
        [Kind.DATA],
    ),
    "a namespace deleted": ([event("delete", NAMESPACE, "namespace", {"metadata": {"name": "dev"}})], [Kind.DATA]),
}
KEEPING: dict[str, Sequence[str]] = {
    "a destroyed cluster's volume left behind": [
        event("delete", CONTAINER, "server-0", container("dev-server-0")),
        event("delete", GATE, "server-0-gate", {}),
        event("delete", VOLUME, "server-0-data", VOLUMES, retained=True),
        event("delete", CONTAINER, "server-1", container("dev-server-1")),
        event("delete", GATE, "server-1-gate", {}),
        event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
    ],
    "a server and its volume made": [
        event("create", CONTAINER, "server-0", None, container("dev-server-0")),
        event("create", VOLUME, "server-0-data", None, VOLUMES),
    ],
    "a server's container replaced": [
        event("replace", CONTAINER, "server-0", container("dev-server-0"), container("dev-server-0", memory=1)),
        event("same", VOLUME, "server-0-data", VOLUMES, VOLUMES),
    ],
    "a client removed": [CLIENT, event("delete", VOLUME, "client-0-data", {"name": "dev-client-0-data"})],
    "a network made": [event("create", NETWORK, "network", None, {"name": "dev"})],
    "a seed set that is retained": [event("delete", KV, "seeds", {"entries": {"a": "1"}}, retained=True)],
    "an empty seed set": [event("delete", KV, "seeds", {"entries": {}})],
    "a key removed": [event("update", KV, "seeds", {"entries": {"a": "1"}}, {"entries": {}})],
    "a StatefulSet updated": [
        event("update", STATEFUL_SET, "server-stateful-set", stateful_set(3), stateful_set(3)),
        event(
            "update",
            ROLL,
            "server-rollout",
            server_group("s-0", "s-1", "s-2"),
            server_group("s-0", "s-1", "s-2", spec_hash="b"),
        ),
    ],
    "pods scaled away whose claims stay": [
        event("update", STATEFUL_SET, "server-stateful-set", stateful_set(3, when_scaled="Retain"), stateful_set(1)),
        event("update", ROLL, "server-rollout", server_group("s-0", "s-1", "s-2"), server_group("s-0")),
    ],
    "a namespace made": [event("create", NAMESPACE, "namespace", None, {"metadata": {"name": "dev"}})],
    "a refused preview, of which nothing happens": [event("delete", VOLUME, "server-0-data", VOLUMES), said("no")],
}


@pytest.mark.parametrize("change", LOSING)
def test_this_is_a_loss(change: str) -> None:
    lines, expected = LOSING[change]
    assert kinds(*lines) == expected


@pytest.mark.parametrize("change", KEEPING)
def test_this_is_none(change: str) -> None:
    assert kinds(*KEEPING[change]) == []


def test_one_kind_that_is_allowed_allows_no_other() -> None:
    lost = found_losses(preview(*LOSING["a server removed"][0], *LOSING["a seed set removed"][0]))

    assert [loss.kind for loss in refused(lost, ["seed-loss"])] == [Kind.DATA]
    assert refused(lost, ["seed-loss", "data-loss"]) == []


@pytest.mark.parametrize("change", ["the network replaced", "a server's volume replaced"])
def test_a_loss_under_the_servers_is_not_called_a_roll(change: str) -> None:
    servers = [
        event("replace", CONTAINER, f"x-{n}", container(f"x-server-{n}"), container(f"x-server-{n}")) for n in "012"
    ]
    volume = [line.replace("server-0-data", "x-0-data") for line in LOSING[change][0]]
    text = comment(preview(*servers, *volume), "dev")

    assert "- Replaces 3 servers" in text
    assert "one by one" not in text
    assert "no data touched" not in text


def test_what_is_allowed_is_still_told() -> None:
    removed = preview(*LOSING["a server removed"][0])

    assert "[!CAUTION]" in comment(removed, "dev")
    text = comment(removed, "dev", ["data-loss"])
    assert "[!CAUTION]" not in text
    assert "[!WARNING]" in text
    assert "**Destroys the data of `dev-server-1`** (`data-loss`)" in text

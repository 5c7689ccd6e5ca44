"""What counts as a loss: for each rule a change that is one and a change that is not."""

import json
from collections.abc import Sequence

import pytest
from consul_on_pulumi.platforms.docker.review import CONTAINER, GATE, NETWORK, VOLUME
from consul_on_pulumi.platforms.kubernetes.review import NAMESPACE, ROLLOUT, STATEFUL_SET
from consul_on_pulumi.review.comment import comment, found_losses
from consul_on_pulumi.review.kv import TYPE as KV
from consul_on_pulumi.review.losses import Kind, refused
from consul_on_pulumi.review.releases import TYPE as VERSION

from tests.review.scripted import container, event, foreign, message, preview, server_group, stateful_set

VOLUMES = {"name": "dev-server-0-data"}
CONNECTED = container("dev-server-0", networksAdvanced=[{"name": "dev-network"}])
SERVER = event("same", CONTAINER, "server-0", CONNECTED, CONNECTED)
CLIENT = event("delete", CONTAINER, "client-0", container("dev-client-0"), component="ConsulClient")


def kinds(*lines: str) -> list[Kind]:
    return [loss.kind for loss in found_losses(preview(*lines))]


def replaced(kind: str, name: str, component: str = "") -> list[str]:
    inputs = {"name": f"dev-{name}"}
    return [
        event(op, kind, name, inputs, inputs, component=component) for op in ("delete-replaced", "create-replacement")
    ]


LOSING: dict[str, tuple[Sequence[str], list[Kind]]] = {
    "a server's volume deleted": (
        [SERVER, event("delete", VOLUME, "server-0-data", VOLUMES)],
        [Kind.DATA, Kind.QUORUM],
    ),
    "a server's volume replaced": ([SERVER, *replaced(VOLUME, "server-0-data")], [Kind.DATA, Kind.QUORUM]),
    "a volume without a container": ([event("delete", VOLUME, "server-9-data", VOLUMES)], [Kind.DATA]),
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
            event("delete", GATE, "server-1-gate", {"server": "dev-server-1"}),
            event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
        ],
        [Kind.DATA],
    ),
    "a server scaled away whose container was deleted before": (
        [
            SERVER,
            event("same", VOLUME, "server-0-data", VOLUMES, VOLUMES, retained=True),
            event("delete", GATE, "server-1-gate", {"server": "dev-server-1"}),
            event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
        ],
        [Kind.DATA],
    ),
    "the volume of a client that stays": (
        [
            event(
                "same",
                CONTAINER,
                "client-0",
                container("dev-client-0"),
                container("dev-client-0"),
                component="ConsulClient",
            ),
            *replaced(VOLUME, "client-0-data", "ConsulClient"),
        ],
        [Kind.DATA],
    ),
    "the network replaced": ([SERVER, *replaced(NETWORK, "network")], [Kind.NETWORK]),
    "a seed set removed": ([event("delete", KV, "seeds", {"entries": {"a": "1"}})], [Kind.SEEDS]),
    "a StatefulSet deleted": ([event("delete", STATEFUL_SET, "server-stateful-set", stateful_set(3))], [Kind.DATA]),
    "a StatefulSet replaced": (
        [
            event("replace", STATEFUL_SET, "server-stateful-set", stateful_set(1), stateful_set(1)),
            event("same", ROLLOUT, "server-rollout", server_group("dev-server-0"), server_group("dev-server-0")),
        ],
        [Kind.DATA, Kind.DATA, Kind.QUORUM],
    ),
    "pods scaled away": (
        [
            event("update", STATEFUL_SET, "server-stateful-set", stateful_set(3), stateful_set(1)),
            event("update", ROLLOUT, "server-rollout", server_group("s-0", "s-1", "s-2"), server_group("s-0")),
        ],
        [Kind.DATA],
    ),
    "a network of others replaced that the servers use": (
        [
            SERVER,
            *(foreign(op, NETWORK, "net", {"name": "dev-network"}) for op in ("delete-replaced", "create-replacement")),
        ],
        [Kind.NETWORK],
    ),
    "a namespace of others deleted that the servers use": (
        [
            event(
                "same",
                STATEFUL_SET,
                "server-stateful-set",
                {"metadata": {"name": "dev-server", "namespace": "team"}},
                stateful_set(3),
            ),
            foreign("delete", NAMESPACE, "team", {"metadata": {"name": "team"}}),
        ],
        [Kind.DATA],
    ),
    "an older release of Consul": (
        [
            event(
                "update",
                VERSION,
                "server-version",
                {"change": ""},
                {"change": "Downgrades Consul", "kind": "downgrade"},
            )
        ],
        [Kind.DOWNGRADE],
    ),
    "a namespace deleted": ([event("delete", NAMESPACE, "namespace", {"metadata": {"name": "dev"}})], [Kind.DATA]),
}
KEEPING: dict[str, Sequence[str]] = {
    "a destroyed cluster's retained volume": [
        event("delete", CONTAINER, "server-0", container("dev-server-0")),
        event("delete", GATE, "server-0-gate", {"server": "dev-server-0"}),
        event("delete", VOLUME, "server-0-data", VOLUMES, retained=True),
        event("delete", CONTAINER, "server-1", container("dev-server-1")),
        event("delete", GATE, "server-1-gate", {"server": "dev-server-1"}),
        event("delete", VOLUME, "server-1-data", {"name": "dev-server-1-data"}, retained=True),
    ],
    "a server and its volume created": [
        event("create", CONTAINER, "server-0", None, container("dev-server-0")),
        event("create", VOLUME, "server-0-data", None, VOLUMES),
    ],
    "a server's container replaced": [
        event("replace", CONTAINER, "server-0", container("dev-server-0"), container("dev-server-0", memory=1)),
        event("same", VOLUME, "server-0-data", VOLUMES, VOLUMES),
    ],
    "a client removed": [
        CLIENT,
        event("delete", VOLUME, "client-0-data", {"name": "dev-client-0-data"}, component="ConsulClient"),
    ],
    "a newer release of Consul": [
        event("update", VERSION, "server-version", {"change": ""}, {"change": "Upgrades Consul", "kind": "upgrade"})
    ],
    "a network created": [event("create", NETWORK, "network", None, {"name": "dev"})],
    "a seed set that is retained": [event("delete", KV, "seeds", {"entries": {"a": "1"}}, retained=True)],
    "an empty seed set": [event("delete", KV, "seeds", {"entries": {}})],
    "a key removed": [event("update", KV, "seeds", {"entries": {"a": "1"}}, {"entries": {}})],
    "a StatefulSet updated": [
        event("update", STATEFUL_SET, "server-stateful-set", stateful_set(3), stateful_set(3)),
        event(
            "update",
            ROLLOUT,
            "server-rollout",
            server_group("s-0", "s-1", "s-2"),
            server_group("s-0", "s-1", "s-2", spec_hash="b"),
        ),
    ],
    "a network and a namespace of others replaced that no server uses": [
        SERVER,
        foreign("replace", NETWORK, "net", {"name": "lan"}),
        foreign("replace", NAMESPACE, "team", {"metadata": {"name": "team"}}),
    ],
    "a namespace created": [event("create", NAMESPACE, "namespace", None, {"metadata": {"name": "dev"}})],
    "a failed preview": [event("delete", VOLUME, "server-0-data", VOLUMES), message("no")],
}


@pytest.mark.parametrize("change", LOSING)
def test_this_is_a_loss(change: str) -> None:
    lines, expected = LOSING[change]
    assert kinds(*lines) == expected


@pytest.mark.parametrize("change", KEEPING)
def test_this_is_not_a_loss(change: str) -> None:
    assert kinds(*KEEPING[change]) == []


def test_one_kind_that_is_allowed_allows_no_other() -> None:
    lost = found_losses(preview(*LOSING["a server removed"][0], *LOSING["a seed set removed"][0]))

    assert [loss.kind for loss in refused(lost, ["seed-loss"])] == [Kind.DATA]
    assert refused(lost, ["seed-loss", "data-loss"]) == []


@pytest.mark.parametrize("change", ["the network replaced", "a server's volume replaced"])
def test_servers_that_lose_their_network_or_data_are_not_restarted_one_at_a_time(change: str) -> None:
    servers = [
        event("replace", CONTAINER, f"x-{n}", CONNECTED | {"name": f"dev-server-{n}"}, container(f"dev-server-{n}"))
        for n in "012"
    ]
    text = comment(preview(*servers, *LOSING[change][0][1:]), "dev")

    assert "- Replaces 3 servers" in text
    assert "one at a time" not in text
    assert "data is kept" not in text


def test_an_allowed_loss_is_still_shown() -> None:
    removed = preview(*LOSING["a server removed"][0])

    assert "[!CAUTION]" in comment(removed, "dev")
    text = comment(removed, "dev", ["data-loss"])
    assert "[!CAUTION]" not in text
    assert "[!WARNING]" in text
    assert "**Destroys the data of `dev-server-1`** (`data-loss`)" in text


def test_a3_a_seed_set_that_is_renamed_loses_no_key() -> None:
    renamed = preview(
        event("delete", KV, "consul-seeds-old", {"entries": {"a": "1", "b": "1"}}),
        event("create", KV, "consul-seeds-new", None, {"entries": {"a": "1", "b": "2"}}),
    )

    assert found_losses(renamed) == []
    text = comment(renamed, "dev")
    assert (
        "Seed set `consul-seeds-old` gives 2 of its KV entries to `consul-seeds-new`: they stay in the store." in text
    )
    assert "KV entries: 2 moved." in text
    assert '  "a": moves from consul-seeds-old to consul-seeds-new\n  "b": moves from' in text
    assert '- "b": "1"\n+ "b": "2"' in text


def test_a3_the_deletion_after_an_interrupted_rename_loses_only_keys_that_no_set_has() -> None:
    interrupted = preview(
        event("delete", KV, "consul-seeds-old", {"entries": {"a": "1", "gone": "1"}}),
        event("same", KV, "consul-seeds-new", {"entries": {"a": "1"}}, {"entries": {"a": "1"}}),
    )

    assert [loss.what for loss in found_losses(interrupted)] == [
        "**Removes seed set `consul-seeds-old`** and deletes its 1 KV entry"
    ]


def test_a4_a_key_that_moves_to_another_set_is_neither_added_nor_removed() -> None:
    text = comment(
        preview(
            event("update", KV, "consul-seeds-a", {"entries": {"k": "1", "x": "1"}}, {"entries": {"x": "1"}}),
            event("update", KV, "consul-seeds-b", {"entries": {}}, {"entries": {"k": "1"}}),
        ),
        "dev",
    )

    assert "KV entries: 1 moved." in text
    assert "Seed set `consul-seeds-a` gives 1 of its KV entries to `consul-seeds-b`: they stay in the store." in text


def test_a4_the_same_key_of_another_cluster_does_not_move() -> None:
    other = event("create", KV, "other-seeds", None, {"entries": {"k": "1"}}, tier="other")
    removed = preview(event("delete", KV, "consul-seeds-a", {"entries": {"k": "1"}}), other)

    assert [loss.kind for loss in found_losses(removed)] == [Kind.SEEDS]


@pytest.mark.parametrize(("context", "lost"), [("prod", ["data-loss"]), ("other", []), ("", ["data-loss"])])
def test_a_namespace_of_the_same_name_in_another_kubernetes_cluster_is_no_loss(context: str, lost: list[str]) -> None:
    """Without a context nobody knows which one a provider means."""

    def provider(name: str, **inputs: str) -> str:
        urn = f"urn:pulumi:s::p::pulumi:providers:kubernetes::{name}"
        return json.dumps(
            {"resourcePreEvent": {"metadata": {"op": "same", "type": "p", "urn": urn, "new": {"inputs": inputs}}}}
        )

    def served(line: str, name: str) -> str:
        found = json.loads(line)
        found["resourcePreEvent"]["metadata"]["old"]["provider"] = (
            f"urn:pulumi:s::p::pulumi:providers:kubernetes::{name}::id"
        )
        return json.dumps(found)

    group = stateful_set(3) | {"metadata": {"name": "dev-server", "namespace": "lan"}}
    seen = preview(
        provider("ours", context="prod"),
        provider("theirs", **({"context": context} if context else {})),
        served(event("same", STATEFUL_SET, "consul-server-stateful-set", group, group), "ours"),
        served(foreign("delete", NAMESPACE, "lan", {"metadata": {"name": "lan"}}), "theirs"),
    )
    assert [loss.kind.value for loss in found_losses(seen)] == lost

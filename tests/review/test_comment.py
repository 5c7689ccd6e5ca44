"""Limits of a comment, whatever is in the change: its length, its markup and its secrets; and its sentences."""

import json
import random
import re
import time

import pytest
from consul_on_pulumi.platforms.docker.review import CONTAINER
from consul_on_pulumi.platforms.kubernetes.review import ROLLOUT, STATEFUL_SET
from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.events import SECRET
from consul_on_pulumi.review.kv import TYPE as KV
from consul_on_pulumi.review.releases import TYPE as VERSION
from consul_on_pulumi.review.steps import COMPONENTS

from tests.review.scripted import component, container, event, message, preview, server_group, stateful_set, step

LIMIT = 60_000
NASTY = "``` ```` ~~~~ | <img src=x onerror=1> @everyone [a](http://x) <!-- \u202e\x1b[31m\r\n## Approved \u2028 done"
BLIND = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "canary-in-cipher"}


def seeded(before: dict[str, object], after: dict[str, object], *paths: str) -> str:
    return event("update", KV, "consul-seeds", before, after, paths=list(paths))


def outside_of_code(text: str) -> str:
    """What a reader of Markdown takes for markup: neither code blocks nor code spans (CommonMark 4.5, 6.1)."""
    kept, fence = [], ""
    for line in text.splitlines():
        opened = re.match(r"`{3,}", line)
        if fence:
            fence = "" if opened and line.strip("`") == "" and len(line) >= len(fence) else fence
        elif opened:
            fence = opened[0]
        else:
            kept.append(line)
    assert not fence, "a block stays open"
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", "\n".join(kept))


def test_ten_thousand_keys_stay_under_the_limit_and_are_counted() -> None:
    keys = {f"bulk/{number:05}": "x" * 200 for number in range(10_000)}
    began = time.thread_time()

    text = comment(preview(seeded({"entries": {}}, {"entries": keys})), "dev")

    assert len(text) < LIMIT
    assert "KV entries: 10000 added." in text
    assert "- `bulk/`: 10000 added\n" in text
    shown = text.count('\n+ "bulk/')
    assert f"… and {10_000 - shown} more lines" in text
    assert time.thread_time() - began < 5


def test_everything_large_at_once_stays_under_the_limit() -> None:
    keys = {f"{'k' * 400}{number}": "v" * 5000 for number in range(3000)}
    agents = [
        event(
            "replace",
            CONTAINER,
            f"consul-client-{number}" + "n" * 300,
            container("n" * 300 + str(number), ports=[{"internal": 8500, "external": number}]),
            container("n" * 300 + str(number), note="y" * number),
            component="ConsulServer" if number % 2 == 0 else "ConsulClient",
        )
        for number in range(400)
    ]
    many = [event("delete", KV, f"set-{number}" + "s" * 200, {"entries": {"a": "b"}}) for number in range(2000)]
    warnings = [message(f"{number} " + "w" * 1000, "warning") for number in range(500)]
    errors = [message(f"{number} " + "e" * 9000) for number in range(500)]

    large = [seeded({"entries": {}}, {"entries": keys}), *agents, *many, *warnings]
    assert LIMIT / 3 < len(comment(preview(*large), "s" * 500)) < LIMIT
    assert len(comment(preview(*large, *errors), "s" * 500)) < LIMIT


def test_a_line_that_is_too_long_says_how_long_it_is() -> None:
    text = comment(preview(seeded({"entries": {}}, {"entries": {"a": "x" * 1000}})), "dev")

    assert "… (1009 characters)" in text


@pytest.mark.parametrize("place", ["key", "value", "set", "server", "warning", "error", "stack", "setting"])
def test_no_value_of_a_change_becomes_markup(place: str) -> None:
    lines = {
        "key": [seeded({"entries": {}}, {"entries": {NASTY: "v"}})],
        "value": [seeded({"entries": {"k": NASTY}}, {"entries": {"k": f"{NASTY}2"}})],
        "set": [event("delete", KV, NASTY, {"entries": {"k": "v"}})],
        "server": [event("replace", CONTAINER, "s", container(NASTY), container(NASTY, memory=NASTY, **{NASTY: 1}))],
        "warning": [message(NASTY, "warning")],
        "error": [message(NASTY)],
        "stack": [seeded({"entries": {}}, {"entries": {"k": "v"}})],
        "setting": [
            event(
                "replace",
                CONTAINER,
                "s",
                container("s") | {"image": "a"},
                {"name": "s", "image": f"{NASTY}:1", "command": ["agent", "-hcl", json.dumps({"x": NASTY})]},
            )
        ],
    }[place]

    text = comment(preview(*lines), NASTY if place == "stack" else "dev")

    assert NASTY[30:40] in text or place in ("stack", "set")
    left = outside_of_code(text)
    for word in ("onerror", "@everyone", "http://", "Approved"):
        assert word not in left.replace("<!-- consul preview of", "")[200 if place == "stack" else 0 :], left
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_two_projects_with_a_stack_of_the_same_name_have_comments_of_their_own() -> None:
    change = seeded({"entries": {}}, {"entries": {"k": "v"}})

    first, second = (comment(preview(change.replace("::p::", f"::{name}::")), "prod") for name in ("shop", "search"))

    assert first.splitlines()[0] == "<!-- consul preview of shop prod -->"
    assert first.splitlines()[2] == "## Preview of stack `prod` of project `shop`"
    assert second.splitlines()[0] == "<!-- consul preview of search prod -->"


def test_a_preview_that_is_refused_edits_the_comment_of_one_that_is_not() -> None:
    sound = preview(seeded({"entries": {}}, {"entries": {"k": "v"}}))

    texts = [comment(found, "prod", project="p") for found in (sound, preview(message("refused")))]

    assert len({text.splitlines()[0] for text in texts}) == 1


def test_random_text_never_leaves_its_block() -> None:
    chance = random.Random(7)
    for _ in range(300):
        text = "".join(chance.choice("`~<>|@\n\r\u2028 a#-![]()*_\\") for _ in range(60))
        made = comment(
            preview(seeded({"entries": {}}, {"entries": {text: text + "CANARY"}}), message(text, "warning")), "d"
        )
        assert "CANARY" not in outside_of_code(made)


def test_a_secret_is_shown_by_its_key_only() -> None:
    text = comment(
        preview(
            seeded(
                {"entries": {}, "secrets": {"a": BLIND, "b": BLIND, "c": BLIND}},
                {"entries": {}, "secrets": {"a": BLIND, "b": BLIND, "d": BLIND}},
                'secrets["b"]',
                'secrets["c"]',
            )
        ),
        "dev",
    )

    assert "canary" not in text
    assert "KV entries: 1 added, 1 changed, 1 removed." in text
    assert f'- "b": {SECRET}\n+ "b": {SECRET}\n- "c": {SECRET}\n+ "d": {SECRET}\n' in text
    assert '"a"' not in text


def test_a_key_that_becomes_secret_shows_only_what_was_public() -> None:
    text = comment(preview(seeded({"entries": {"a": "old"}}, {"entries": {}, "secrets": {"a": BLIND}})), "dev")

    assert f'- "a": "old"\n+ "a": {SECRET}\n' in text


def test_a_binary_value_is_shown_as_a_digest_and_flags_as_a_number() -> None:
    binary = {"a": {"bytes": 3, "sha256": "ab" * 32, "content": BLIND}}
    text = comment(
        preview(seeded({"entries": {}}, {"entries": {"b": "1"}, "binary": binary, "flags": {"b": "7"}})), "d"
    )

    assert '+ "a": 3 bytes, sha256 abababababab\n+ "b": "1" flags 7\n' in text


def test_a_rollout_on_kubernetes_has_the_same_sentences() -> None:
    text = comment(
        preview(
            event("update", STATEFUL_SET, "consul-server-stateful-set", stateful_set(3), stateful_set(3)),
            event(
                "update",
                ROLLOUT,
                "consul-server-rollout",
                server_group("s-0", "s-1", "s-2", **{"agent.json": '{"log_level": "INFO"}'}),
                server_group("s-0", "s-1", "s-2", spec_hash="b", **{"agent.json": '{"log_level": "DEBUG"}'}),
            ),
        ),
        "k8s",
    )

    assert "- Restarts 3 servers one at a time (agent configuration)." in text
    assert "Their data is kept." in text
    assert '-  "log_level": "INFO"\n+  "log_level": "DEBUG"\n' in text


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        (["names[1]"], "- Restarts `s-1`. If it is the leader"),
        (["names[0]", "names[2]"], "- Restarts 2 servers one at a time"),
        (["version"], "No Consul agent, no data of Consul and no KV entry changes"),
        ([], "- Restarts 3 servers one at a time"),
    ],
    ids=["one", "two", "the StatefulSet alone", "unknown"],
)
def test_c7_only_the_pods_that_a_rollout_replaces_restart(paths: list[str], sentence: str) -> None:
    group = server_group("s-0", "s-1", "s-2")

    assert sentence in comment(preview(event("update", ROLLOUT, "a-rollout", group, group, paths=paths)), "k8s")


def test_settings_that_a_component_recorded_before_are_no_change() -> None:
    kind, urn = f"{COMPONENTS}ConsulCluster", "urn:pulumi:s::p::consul-on-pulumi:index:ConsulCluster::consul"

    assert "- **No change.**" in comment(preview(step("update", kind, urn, "", {"servers": 1}, {"servers": 3})), "k8s")


def test_added_pods_and_claims_that_now_stay_after_a_destroy() -> None:
    text = comment(
        preview(
            event("update", STATEFUL_SET, "a-stateful-set", stateful_set(3), stateful_set(5, when_deleted="Retain")),
            event(
                "update",
                ROLLOUT,
                "a-rollout",
                server_group("s-0", "s-1", "s-2"),
                server_group("s-0", "s-1", "s-2", "s-3", "s-4"),
            ),
        ),
        "k8s",
    )

    assert "- Adds 2 servers (3 → 5): tolerates 2 failures.\n- Data volumes now stay after `pulumi destroy`" in text
    assert "Restarts" not in text


def test_a_restart_of_the_only_server_says_that_there_is_no_leader() -> None:
    one = container("s-0")
    text = comment(preview(event("replace", CONTAINER, "s-0", one, {**one, "memory": 512})), "dev")

    assert "- Restarts `s-0` (memory), the only server: Consul has no leader meanwhile. Its data is kept." in text
    assert "+ memory: 512" in text


def test_two_clusters_of_one_stack_are_shown_apart() -> None:
    within = f"urn:pulumi:s::p::{COMPONENTS}ConsulCluster::"
    text = comment(
        preview(
            *(component(f"{COMPONENTS}ConsulCluster", name, name=f"consul-{name}") for name in "ab"),
            *(component(f"{COMPONENTS}ConsulServer", f"{name}-server", within + name) for name in "ab"),
            *(
                event("same", CONTAINER, n, container(f"a-server-{n}"), container(f"a-server-{n}"), tier="a-server")
                for n in "012"
            ),
            *(event("create", CONTAINER, f"b-{n}", None, container(f"b-server-{n}"), tier="b-server") for n in "01234"),
        ),
        "dev",
    )

    assert "- `consul-b`: Creates a cluster of 5 servers: tolerates 2 failures." in text
    assert "a-server" not in text
    assert "consul-a" not in text


def test_a_preview_without_any_step_says_no_change() -> None:
    assert "**No change.**" in comment(preview(), "dev")


def test_c12_a_stack_file_with_which_no_program_starts_is_told_with_the_way_out() -> None:
    """What the engine 3.259 says then."""
    raw = (
        "an unhandled error occurred: problem executing program (could not run language executor): fork/exec "
        "/home/me/.venv/bin/python3: argument list too long"
    )

    text = comment(preview(message(raw)), "dev")

    assert "fork/exec" not in text
    assert "The stack file is too large, so the program did not start" in text
    assert "Move seeds into files (`folder`, `files` or `export` of a set in cluster.seed_sets)" in text


@pytest.mark.parametrize(
    ("kind", "shown"), [("upgrade", "- Upgrades Consul."), ("downgrade", "- Downgrades Consul. (`")]
)
@pytest.mark.parametrize("op", ["create", "update"])
def test_an_upgrade_and_a_downgrade_have_different_sentences(op: str, kind: str, shown: str) -> None:
    inputs = {"change": f"{kind.capitalize()}s Consul", "kind": kind}
    text = comment(preview(event(op, VERSION, "server-version", None if op == "create" else {}, inputs)), "dev")

    assert shown in text
    assert ("> [!CAUTION]" in text) == (kind == "downgrade")


def test_clients_restart_as_many_at_a_time_as_the_setting_says() -> None:
    steps = [
        event("replace", CONTAINER, name, container(name), {**container(name), "memory": 512}, component="ConsulClient")
        for name in ("c-0", "c-1")
    ]

    assert "- Restarts 2 clients, at most `clients_at_once` at a time (memory)." in comment(preview(*steps), "dev")
    assert "- Restarts 1 client (memory)." in comment(preview(steps[0]), "dev")

"""Pulumi's own commands that change no agent, on a living cluster of either platform."""

import re
from collections.abc import Callable, Mapping

from tests.e2e.cluster import Cluster

Identities = Callable[[], Mapping[str, str]]
"""What each agent of the cluster is: another value after it was replaced."""


def find_nothing(cluster: Cluster, identities: Identities) -> None:
    """Commands that look, and a stack that is renamed and gets its name back."""
    before, name = identities(), cluster.stack_name
    renamed = f"{name}-renamed"
    # Its default has the stack's name in it.
    cluster.change(name=cluster.name)
    for words in (("refresh", "--preview-only"), ("up", "--yes", "--refresh"), ("up", "--yes", "--continue-on-error")):
        cluster.pulumi(*words, "--expect-no-changes")
    cluster.pulumi("cancel", "--yes")
    cluster.pulumi("stack", "rename", renamed)
    try:
        same = cluster.attempt("preview", "--expect-no-changes", stack=renamed)
    finally:
        back = cluster.attempt("stack", "rename", name, stack=renamed)
    assert (same.returncode, back.returncode) == (0, 0), same.stdout + back.stderr
    assert cluster.preview().keys() == {"same"}
    assert identities() == before


def rename_in_the_state(cluster: Cluster, identities: Identities) -> None:
    """A resource renamed in the state is the same under its old name."""
    before, shown = identities(), cluster.pulumi("stack", "--show-urns")
    (urn,) = re.findall(r"urn:\S+KvEntries::consul-seeds\b", shown)
    cluster.pulumi("state", "rename", urn, "renamed", "--yes")
    # Else it is another resource, and the keys would move to it.
    assert cluster.preview()["create"] == 1
    cluster.pulumi("state", "rename", urn.replace("consul-seeds", "renamed"), "consul-seeds", "--yes")
    assert cluster.preview().keys() == {"same"}
    assert identities() == before


def encrypt_with_another_passphrase(cluster: Cluster, identities: Identities) -> None:
    """Another passphrase of the stack, and the old one again."""
    before = identities()

    def encrypt_with(passphrase: str, old: str) -> None:
        words = ("stack", "change-secrets-provider", "passphrase")
        done = cluster.attempt(*words, stdin=f"{passphrase}\n{passphrase}\n", PULUMI_CONFIG_PASSPHRASE=old)
        assert done.returncode == 0, done.stderr

    encrypt_with("another", old="e2e")
    try:
        same = cluster.attempt("preview", "--expect-no-changes", PULUMI_CONFIG_PASSPHRASE="another")
    finally:
        encrypt_with("e2e", old="another")
    assert same.returncode == 0, same.stdout + same.stderr
    assert cluster.preview().keys() == {"same"}
    assert identities() == before

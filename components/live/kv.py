"""KvEntries: a whole tree of KV entries as one resource, owned key by key."""

import secrets
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from components.desired.kv_plan import Operation, Stored, plan, too_large, transactions
from components.desired.kv_tree import Entries
from components.live.api import ChangedError, Consul, RefusedError, UnreachableError

REVISION = 1
"""Raised when the provider's behaviour changes: the state holds only its import path, so code alone is no change."""

ROUNDS = 5
"""How often a write is planned anew after somebody else wrote in between."""
MAX_READS = 16
"""Beyond this many top-level keys, one read of the whole store is cheaper."""

Properties = dict[str, Any]
"""`addresses`, `entries` and `revision`, as inputs and as outputs alike."""


class KvProvider(ResourceProvider):
    """Writes the entries it is given, and changes no key that it did not write."""

    # Nothing is captured: the pickle is the import path alone.
    serialize_as_secret_always = False

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        """Accept: keys and values were checked before anything was registered."""
        return CheckResult(news, [])

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Any difference is an update in place; an address not known yet may be one."""
        return DiffResult(
            changes=any(olds.get(name) != news.get(name) for name in ("addresses", "entries", "revision"))
        )

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then write every entry."""
        _converge(props["addresses"], {}, props["entries"])
        return CreateResult(secrets.token_hex(8), _outputs(props, props["entries"]))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Write what changed, and delete what is no longer wanted."""
        _converge(news["addresses"], olds["entries"], news["entries"])
        return UpdateResult(_outputs(news, news["entries"]))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """The entries as they are now; without an answer, as they were: no answer is not absence."""
        try:
            live = _live(Consul(props["addresses"], patience=10), props["entries"])
        except UnreachableError:
            return ReadResult(id_, props, _outputs(props, props["entries"]))
        held = {key: live[key].value.decode(errors="replace") for key in props["entries"] if key in live}
        return ReadResult(id_, _outputs(props, held), _outputs(props, held))

    def delete(self, _id: str, props: Properties) -> None:
        """Delete the entries that still hold what was written here."""
        _converge(props["addresses"], props["entries"], {})


class KvEntries(Resource, module="consul-on-pulumi", name="KvEntries"):
    """The KV entries that one stack seeds."""

    entries: pulumi.Output[Entries]
    """Full key to text value, as last written or refreshed."""

    def __init__(
        self,
        name: str,
        addresses: pulumi.Input[Sequence[pulumi.Input[str]]],
        entries: Entries,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`addresses` are base URLs of the HTTP API, any of which will do."""
        super().__init__(KvProvider(), name, {"addresses": addresses, "entries": entries, "revision": REVISION}, opts)


def _outputs(props: Properties, entries: Entries) -> Properties:
    return {"addresses": props["addresses"], "entries": entries, "revision": props["revision"]}


def _converge(addresses: Sequence[str], owned: Entries, wanted: Entries) -> None:
    consul = Consul(addresses, patience=120)
    consul.leader()
    changed = {key: text for key, text in wanted.items() if owned.get(key) != text}
    gone = {key: text for key, text in owned.items() if wanted.get(key) != text}
    outcome = "nothing was written"
    for _ in range(ROUNDS):
        steps = plan(gone, changed, _live(consul, gone | changed))
        if steps.conflicts:
            raise RefusedError(f"other hands gave another value to {', '.join(steps.conflicts[:20])}: {outcome}")
        try:
            for batch in transactions(steps):
                _send(consul, batch)
                outcome = "other keys were written"
            return
        except ChangedError:
            # Somebody else wrote in between, or an earlier try of ours was applied though its answer was lost.
            continue
    raise RefusedError(f"keys kept changing through {ROUNDS} rounds of writes")


def _send(consul: Consul, batch: list[Operation]) -> None:
    if len(batch) == 1 and too_large(batch[0]):
        entry = batch[0]["KV"]
        consul.put(entry["Key"], b64decode(entry["Value"]), entry["Index"])
    else:
        consul.transact(batch)


def _live(consul: Consul, keys: Mapping[str, str]) -> dict[str, Stored]:
    tops = {key.split("/")[0] for key in keys}
    found: dict[str, Stored] = {}
    for prefix in tops if len(tops) <= MAX_READS else {""}:
        found |= consul.keys_below(prefix)
    return {key: found[key] for key in keys if key in found}

"""KvEntries: one set of KV entries. It changes and deletes only keys that it wrote itself."""

import secrets
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from consul_on_pulumi.consul import access, kv_store
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.connection import CONNECTION, CREDENTIALS, connection_of, with_token
from consul_on_pulumi.model.kv_plan import OnConflict, Rule, differing, plan
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers import detailed_diff, engine_log, kv_moves
from consul_on_pulumi.providers.provider import (
    Addresses,
    ConsulProvider,
    Properties,
    ProviderResource,
    known_addresses,
    other_store,
)

PREVIEW_TIMEOUT = 2.0
"""Seconds that a preview waits for the cluster when it looks for conflicts."""


class KvEntriesProvider(ConsulProvider):
    """Writes entries, and changes no key that it did not write."""

    token = "seeds"

    compared = ("addresses", "keep_edits", *kv_state.PARTS)

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Replace the keys of all sets with those that move from this set to others, and refuse conflicts."""
        checked = super().check(olds, news)
        return CheckResult(kv_moves.resolved(olds, news), checked.failures)

    def problems(self, olds: Properties, news: Properties) -> list[str]:
        """The conflicts with keys that other programs wrote or changed; not of keys whose value is not known
        yet; none if, with a warning, Consul does not answer."""
        # The token for seeds has no right to keys below a new first part before the update.
        addresses, connection = known_addresses(news), with_token(connection_of(news), "management")
        try:
            owned, wanted = kv_state.seeds_of(olds), kv_state.seeds_of(kv_state.without_unknown(news))
            changed = differing(wanted, owned)
            # Before the first update there is no cluster to wait for.
            if not changed or not any(access.answers(base, PREVIEW_TIMEOUT, connection) for base in addresses):
                return []
            found = kv_store.read(Consul(addresses, connection, PREVIEW_TIMEOUT), changed)
        except ValueError:
            return []
        except (UnreachableError, RefusedError) as error:
            engine_log.not_compared(f"KV entries of {_set(news)}", error)
            return []
        return kv_store.describe(plan(owned, changed, found, _rule(news)).conflicts)

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Any difference is an update in place, also an address that is not known yet.

        `on_conflict` is no change by itself: it matters only for new keys.
        """
        changes = self.differs(olds, news)
        if changes:
            detailed_diff.note_changes(_visible(olds), _visible(news), kv_state.PARTS)
        return DiffResult(changes=changes)

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then write all entries."""
        self._apply(props, {}, kv_state.seeds_of(props))
        return CreateResult(secrets.token_hex(8), props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Write the entries that changed or are gone with the store, and delete those that no set wants any longer."""
        owned = kv_moves.without_moved(kv_state.seeds_of(olds), news)
        if other_store(olds, news):
            owned = {key: owned[key] for key in kv_store.read(self.consul_with_leader(news), owned)}
        self._apply(news, owned, kv_state.seeds_of(news))
        return UpdateResult({name: value for name, value in news.items() if name != kv_moves.MOVED})

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read the current entries; without an answer, keep the last ones and warn."""
        if props.get("keep_edits"):
            return ReadResult(id_, props, props)
        wanted = kv_state.seeds_of(props)
        try:
            found = kv_store.read(Consul(props["addresses"], connection_of(props), timeout=10), wanted)
        except (UnreachableError, RefusedError) as error:
            engine_log.not_compared(f"KV entries of {_set(props)}", error)
            return ReadResult(id_, props, props)
        hidden = props.get(kv_state.SECRETS, {})
        seeds = {key: found[key].seed for key in wanted if key in found}
        texts = {key: seeds[key].value.decode(errors="replace") for key in hidden if key in seeds}
        rest = {key: value for key, value in props.items() if key not in kv_state.PARTS}
        now = {**rest, **kv_state.to_props(seeds, texts)}
        return ReadResult(id_, now, now)

    def delete(self, _id: str, props: Properties) -> None:
        """Delete the entries that still have the value that this set wrote, and that no other set wants."""
        owned = kv_moves.without_wanted(kv_state.seeds_of(props), props)
        self._apply({**props, "addresses": kv_moves.addresses_now(props)}, owned, {})

    def _apply(self, props: Properties, owned: Seeds, wanted: Seeds) -> None:
        kv_store.apply(self.consul_with_leader(props), _set(props), owned, wanted, _rule(props))


class KvEntries(ProviderResource, module="consul-on-pulumi", name="KvEntries"):
    """One set of KV entries."""

    entries: pulumi.Output[dict[str, str]]
    """Full key to text value, as last written or refreshed; without secret and binary values."""

    def __init__(
        self,
        name: str,
        addresses: Addresses,
        seeds: Mapping[str, Seed],
        hidden: Mapping[str, pulumi.Input[str]],
        later: Mapping[str, pulumi.Output[str]],
        rule: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`hidden` are secret values by full key, `later` those of outputs, which may be secret.
        `rule` may have `on_conflict`, `keep_edits` and `baseline` as in `kv_plan.Rule`, `store` as in `other_store`,
        and what `kv_moves.of_cluster` returns."""
        parts = kv_state.to_props(dict(seeds))
        for digested in parts.get(kv_state.BINARY, {}).values():
            digested["content"] = pulumi.Output.secret(digested["content"])
        secret = {key: pulumi.Output.secret(value) for key, value in hidden.items()}
        if later:
            parts[kv_state.ENTRIES] = _with_later(parts[kv_state.ENTRIES], later, secret=False)
            parts[kv_state.SECRETS] = _with_later(secret, later, secret=True)
        elif secret:
            parts[kv_state.SECRETS] = secret
        props = {"addresses": addresses, **parts, **rule}
        super().__init__(KvEntriesProvider(), name, props, opts)


async def _with_later(values: Mapping[str, Any], later: Mapping[str, pulumi.Output[str]], *, secret: bool) -> Any:
    """The values, and those of outputs that are secret, or that are not. Until then only the keys are known."""
    found = {key: value for key, value in later.items() if await value.is_secret() is secret}
    # A set without secrets has no map of them.
    return {**values, **found} or ({} if not secret else None)


def _visible(props: Properties) -> Properties:
    """The properties that a preview shows as changes: not what identifies the store, nor properties of the SDK."""
    hidden = ("baseline", kv_moves.CLUSTER_ID, "store", CONNECTION, CREDENTIALS, "__provider")
    return {key: value for key, value in props.items() if key not in hidden}


def _rule(props: Properties) -> Rule:
    baseline = props.get("baseline")
    return Rule(
        on_conflict=OnConflict(props.get("on_conflict", OnConflict.ADOPT.value)),
        keep_edits=bool(props.get("keep_edits")),
        baseline=int(baseline) if isinstance(baseline, int | float) else None,
    )


def _set(props: Properties) -> str:
    return str(props.get("set", "seeds"))

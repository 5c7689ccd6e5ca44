"""KvEntries: one set of KV entries as one resource, owned key by key."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    UpdateResult,
)

from consul_on_pulumi.consul import access
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError
from consul_on_pulumi.consul.kv_store import converge, explained, live
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.kv_plan import OnConflict, Rule, differing, plan
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers import detailed_diff
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

GLANCE = 2.0
"""Seconds that a preview waits for a cluster to tell of keys that are in the way."""


class KvEntriesProvider(ConsulProvider):
    """Writes the entries it is given, and changes no key that it did not write."""

    compared = ("addresses",)

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        """Refuse, in the preview already, what other hands have put in the way."""
        # Without a property's name, whose value the engine would print.
        return CheckResult(news, [CheckFailure("", reason) for reason in _in_the_way(_olds, news)])

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Any difference is an update in place; an address not known yet may be one.

        What to do about foreign keys counts when there are new ones, and is no change by itself.
        """
        differs = self.differs(olds, news)
        kept = bool(olds.get("keep_edits")) != bool(news.get("keep_edits"))
        changes = differs or kept or not kv_state.same(olds, news)
        if changes:
            detailed_diff.tell(_visible(olds), _visible(news), kv_state.PARTS)
        return DiffResult(changes=changes)

    def create(self, props: Properties) -> CreateResult:
        """Wait for the leader, then write every entry."""
        _converge(props, {}, kv_state.held(props))
        return CreateResult(secrets.token_hex(8), props)

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Write what changed, and delete what is no longer wanted."""
        _converge(news, kv_state.held(olds), kv_state.held(news))
        return UpdateResult(news)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """The entries as they are now; without an answer, as they were: no answer is not absence."""
        if props.get("keep_edits"):
            return ReadResult(id_, props, props)
        wanted = kv_state.held(props)
        try:
            found = live(Consul(props["addresses"], timeout=10), wanted)
        except UnreachableError:
            return ReadResult(id_, props, props)
        hidden = props.get(kv_state.SECRETS, {})
        seeds = {key: found[key].seed for key in wanted if key in found}
        texts = {key: seeds[key].value.decode(errors="replace") for key in hidden if key in seeds}
        rest = {key: value for key, value in props.items() if key not in kv_state.PARTS}
        now = {**rest, **kv_state.shown(seeds, texts)}
        return ReadResult(id_, now, now)

    def delete(self, _id: str, props: Properties) -> None:
        """Delete the entries that still hold what was written here."""
        _converge(props, kv_state.held(props), {})


class KvEntries(ProviderResource, module="consul-on-pulumi", name="KvEntries"):
    """One set of the KV entries that a stack seeds."""

    entries: pulumi.Output[dict[str, str]]
    """Full key to text value, as last written or refreshed; without values that are secret or no text."""

    def __init__(
        self,
        name: str,
        addresses: pulumi.Input[Sequence[pulumi.Input[str]]],
        seeds: Mapping[str, Seed],
        hidden: Mapping[str, pulumi.Input[str]] | None = None,
        rule: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`addresses` are base URLs of the HTTP API, any of which will do. `hidden` are secret values by full key.
        `rule` may hold `on_conflict`, `keep_edits` and `baseline` as in `kv_plan.Rule`."""
        parts = kv_state.shown(dict(seeds))
        for digested in parts.get(kv_state.BINARY, {}).values():
            digested["content"] = pulumi.Output.secret(digested["content"])
        if hidden:
            parts[kv_state.SECRETS] = {key: pulumi.Output.secret(value) for key, value in hidden.items()}
        props = {"addresses": addresses, **parts, **(rule or {})}
        super().__init__(KvEntriesProvider(), name, props, opts)


def _visible(props: Properties) -> Properties:
    """What a preview shall compare: not what only says when the keys were looked at, nor the engine's own."""
    return {key: value for key, value in props.items() if key not in ("baseline", "__provider")}


def _rule(props: Properties) -> Rule:
    baseline = props.get("baseline")
    return Rule(
        on_conflict=OnConflict(props.get("on_conflict", OnConflict.ADOPT.value)),
        keep_edits=bool(props.get("keep_edits")),
        baseline=int(baseline) if isinstance(baseline, int | float) else None,
    )


def _converge(props: Properties, owned: Seeds, wanted: Seeds) -> None:
    consul = Consul(props["addresses"], timeout=120)
    consul.leader()
    converge(consul, props.get("set", "seeds"), owned, wanted, _rule(props))


def _in_the_way(olds: Properties, news: Properties) -> list[str]:
    """What speaks against these inputs as far as can be told now: nothing where something is not known yet."""
    addresses = news.get("addresses")
    if not isinstance(addresses, list) or not all(isinstance(base, str) for base in addresses):
        return []
    try:
        owned, wanted = kv_state.held(olds), kv_state.held(news)
        changed = differing(wanted, owned)
        # Before a cluster is born nobody answers, and there is nothing to be patient for.
        if not changed or not any(access.answers(base, GLANCE) for base in addresses):
            return []
        found = live(Consul(addresses, GLANCE), changed)
    except (ValueError, UnreachableError, RefusedError):
        return []
    return explained(plan(owned, changed, found, _rule(news)).conflicts)

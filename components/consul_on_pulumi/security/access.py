"""Access: the policies and tokens of a cluster with ACLs, which its servers store."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, UpdateResult

from consul_on_pulumi.consul import acl
from consul_on_pulumi.consul.acl import ANONYMOUS, Token
from consul_on_pulumi.consul.api import RefusedError
from consul_on_pulumi.model import adoption
from consul_on_pulumi.model.closed import READERS
from consul_on_pulumi.providers.provider import PACKAGE, Addresses, ConsulProvider, Properties, ProviderResource
from consul_on_pulumi.security import acl_rules
from consul_on_pulumi.security.credentials import MANAGEMENT, Credentials

READMIT_TIMEOUT = 15.0
"""Seconds for a leader to know its own management token after a restore."""
SAME_NAMES = (
    "cluster.join: expected no policies of the same names in the cluster that it joins, got others called {}. Nothing "
    "was written: rename each with `consul acl policy update -id ID -name NAME`, its tokens keep it, then run "
    "`pulumi up` again"
)
"""Why policies are not overwritten, and what to do."""


class AccessProvider(ConsulProvider):
    """Writes them with the management token, which the servers know from their first start."""

    token = MANAGEMENT
    compared = ("cluster", "keys", "ids", "anonymous_read")

    def create(self, props: Properties) -> CreateResult:
        """Write all of them once a server leads. Raises RefusedError for policies of a cluster that this one joins."""
        if props.get("join"):
            policies, owner = acl_rules.policies(props["cluster"], props["keys"]), _owner(props)
            if found := acl.of_others(self.consul_with_leader(props), policies, owner):
                raise RefusedError(SAME_NAMES.format(", ".join(found)))
        return CreateResult("access", _written({}, props, self))

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Write all of them again. Seeds may be deleted in the same update, so their old keys count too."""
        return UpdateResult(_written(olds, news, self))


class Access(ProviderResource, module="consul-on-pulumi", name="Access"):
    """Who may do what. The agents' own tokens work as soon as this exists."""

    def __init__(
        self,
        name: str,
        cluster: str,
        keys: Sequence[str],
        addresses: Addresses,
        credentials: Credentials,
        settings: Mapping[str, object],
        opts: pulumi.ResourceOptions,
        more: Mapping[str, pulumi.Input[Any] | None],
    ) -> None:
        """`keys` are those of the seeds; `settings` those of a SecurityArgs. `more` has `store` as in `other_store`,
        and `join` where the servers join another cluster, which has policies as well."""
        props = {
            "cluster": cluster,
            "keys": acl_rules.prefixes(keys),
            "addresses": addresses,
            "tokens": credentials.tokens,
            "ids": credentials.ids,
            # Where everything is allowed, a right to read would forbid to write.
            "anonymous_read": settings["anonymous"] == "read" and adoption.phase(settings) == adoption.INSIST,
            **more,
        }
        super().__init__(AccessProvider(), name, props, opts)


def readmit(props: Properties) -> None:
    """Write them into a store that was restored; `props` are the outputs of an Access, with a connection.

    Raises UnreachableError and RefusedError.
    """
    deadline = time.monotonic() + READMIT_TIMEOUT
    while True:
        try:
            _written(props, props, AccessProvider())
            acl.forget_namesakes(AccessProvider().consul_with_leader(props), _tokens(props))
        except RefusedError:
            # The leader stores the management token again as soon as it has read the snapshot.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _written(olds: Properties, news: Properties, provider: ConsulProvider) -> Properties:
    keys = {*olds.get("keys", ()), *news["keys"]}
    policies = acl_rules.policies(news["cluster"], keys)
    acl.apply(provider.consul_with_leader(news), policies, _tokens(news), _owner(news))
    return news


def _owner(props: Properties) -> str:
    """The description of the policies, by which the program knows them."""
    return f"{PACKAGE} {props['cluster']}"


def _tokens(props: Properties) -> dict[str, Token]:
    """By their descriptions. The management token has no policy here: the servers know it."""
    tokens = {
        f"{props['cluster']} {name}": Token(props["ids"][name], secret, [name])
        for name, secret in props["tokens"].items()
        if name != MANAGEMENT
    }
    return {**tokens, "Anonymous Token": Token(ANONYMOUS, None, [READERS] if props["anonymous_read"] else [])}

"""The base of every dynamic provider and of its resource. A provider adds what it creates, updates and reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.output import Unknown

from consul_on_pulumi.consul.api import Consul
from consul_on_pulumi.model.connection import CONNECTION, CREDENTIALS, connection_of
from consul_on_pulumi.providers import hosting
from consul_on_pulumi.providers.connecting import connected, inputs
from consul_on_pulumi.providers.failures import told
from consul_on_pulumi.resource_options import with_options

PACKAGE = "consul-on-pulumi"
"""The name of the package in type tokens."""
Properties = dict[str, Any]
"""Inputs or outputs of a resource, as the engine passes them: numbers may be floats, unknown values are markers."""
Addresses = pulumi.Input[Sequence[pulumi.Input[str]]]
"""Base URLs of the HTTP API; any server may answer."""
UPDATE_TIMEOUT = 120.0
"""Seconds that an update waits for a leader, and for each answer."""


class ConsulProvider(ResourceProvider):
    """What all providers of this package share. The state holds the import path of a provider and nothing else."""

    serialize_as_secret_always = False
    revision: ClassVar[int] = 1
    """Part of every resource's inputs. Raise it where new code must act on existing resources: to the engine, other
    code alone is no change."""
    token: ClassVar[str] = "token"
    """Which token of the connection has the rights that this provider needs, and no more."""
    compared: ClassVar[tuple[str, ...]] = ()
    """The inputs whose change is an update."""

    def __init_subclass__(cls) -> None:
        """Let the engine show the errors of each method as they are, and give each the newest connection."""
        if "diff" in vars(cls):
            setattr(cls, "diff", _of_known_maps(cls.diff))  # noqa: B010, mypy forbids to replace a method
        for name in ("check", "diff", "create", "read", "update", "delete"):
            setattr(cls, name, told(connected(getattr(cls, name))))

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Refuse inputs that have problems, in the preview already."""
        # With the name of a property, the engine would print its value before the message.
        found = () if _is_elsewhere(news) else self.problems(olds, news)
        return CheckResult(news, [CheckFailure("", problem) for problem in found])

    def problems(self, olds: Properties, news: Properties) -> Iterable[str]:
        """Why the inputs are refused: whole messages. `olds` is empty for a new resource."""
        return ()

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if a compared input changed, or if what runs is no longer as the state says."""
        return DiffResult(changes=self.differs(olds, news) or (not _is_elsewhere(news) and self.drifted(olds, news)))

    def differs(self, olds: Properties, news: Properties) -> bool:
        """Whether a compared input, the revision or the store changed. An empty input is the same as a missing one."""
        return other_store(olds, news) or any(
            (olds.get(key) or None) != (news.get(key) or None) for key in (*self.compared, "revision")
        )

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether what runs needs an update although no input changed. No if it does not answer."""
        return False

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Do the same as at the creation. A provider with another update overrides it."""
        return UpdateResult(self.create(news).outs)

    def consul_with_leader(self, props: Properties) -> Consul:
        """The HTTP API at the `addresses` of a cluster, once a server leads. Raises UnreachableError."""
        consul = Consul(props["addresses"], connection_of(props), UPDATE_TIMEOUT)
        consul.leader()
        return consul


class ProviderResource(Resource):
    """A resource of one of these providers, which computes the annotated attributes that are no inputs.

    It has two types: a dynamic one in a Python program, one of this package in the plugin. Each is an alias of the
    other, so that a stack changes from one to the other without replacing anything.
    """

    def __init__(
        self, provider: ConsulProvider, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        computed = dict.fromkeys(type(self).__annotations__)
        props = {**computed, **props, **inputs(opts), "revision": provider.revision}
        dynamic = f"pulumi-python:{self._resource_type_name}"
        ours = f"{PACKAGE}:index:{self._resource_type_name.rpartition(':')[2]}"
        if (more := hosting.options()) is not None:
            opts = with_options(opts or pulumi.ResourceOptions(), aliases=[pulumi.Alias(type_=dynamic)], **more)
            props[PROVIDER_KEY] = serialize_provider(provider)
            pulumi.CustomResource.__init__(self, ours, name, props, opts)
        else:
            opts = with_options(opts or pulumi.ResourceOptions(), aliases=[pulumi.Alias(type_=ours)])
            super().__init__(provider, name, props, opts)


def _of_known_maps(diff: Callable[..., DiffResult]) -> Callable[..., DiffResult]:
    """`diff` of a provider, which gets no map of which nothing is known: such an input is an update.

    The engine asks so for what depends on a resource that it would delete before it creates the next one (pulumi 3.259,
    resource/deploy/step_generator.go, calculateDependentReplacements). Once it is known, the engine asks again.
    """

    @wraps(diff)
    def asked(provider: ConsulProvider, id_: str, olds: Properties, news: Properties) -> DiffResult:
        maps = {name for name, before in olds.items() if isinstance(before, Mapping)} - {CONNECTION, CREDENTIALS}
        if any(isinstance(news.get(name), Unknown) for name in maps):
            return DiffResult(changes=True)
        return diff(provider, id_, olds, news)

    return asked


def _is_elsewhere(news: Properties) -> bool:
    """Whether a preview does not know yet where the resource is going to be: there is nothing to compare with."""
    return any(isinstance(news.get(name), Unknown) for name in ("cluster", "namespace"))


def other_store(olds: Properties, news: Properties) -> bool:
    """Whether the servers' data is another than at the last update: what this resource wrote is gone."""
    before, after = olds.get("store"), news.get("store")
    return bool(before and after and before != after)


def known_addresses(props: Properties) -> list[str]:
    """The `addresses` of a cluster; none while one of them is not known yet."""
    found = props.get("addresses")
    return found if isinstance(found, list) and all(isinstance(base, str) for base in found) else []

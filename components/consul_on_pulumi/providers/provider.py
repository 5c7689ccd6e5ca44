"""The base of every dynamic provider and of its resource. A provider adds what it creates, updates and reads."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import ConfigureRequest, DiffResult, Resource, ResourceProvider, UpdateResult

from consul_on_pulumi.consul import access

Properties = dict[str, Any]
"""Inputs or outputs of a resource, as the engine passes them: numbers may be floats, unknown values are markers."""
Addresses = pulumi.Input[Sequence[pulumi.Input[str]]]
"""Base URLs of the HTTP API; any server may answer."""


class ConsulProvider(ResourceProvider):
    """What all providers of this package share. The state holds the import path of a provider and nothing else."""

    serialize_as_secret_always = False
    revision: ClassVar[int] = 1
    """Part of every resource's inputs. Raise it where new code must act on existing resources: to the engine, other
    code alone is no change."""
    compared: ClassVar[tuple[str, ...]] = ()
    """The inputs whose change is an update. A provider with other reasons overrides `diff`."""

    def configure(self, req: ConfigureRequest) -> None:
        """Take the ACL token from the stack's configuration. It is never an input, so no state holds it."""
        if (token := req.config.get(access.TOKEN)) is not None:
            access.use_token(str(token))

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """An update if a compared input changed."""
        return DiffResult(changes=self.differs(olds, news))

    def differs(self, olds: Properties, news: Properties) -> bool:
        """Whether a compared input, the revision or the store changed. An empty input is the same as a missing one."""
        return other_store(olds, news) or any(
            (olds.get(key) or None) != (news.get(key) or None) for key in (*self.compared, "revision")
        )

    def update(self, _id: str, olds: Properties, news: Properties) -> UpdateResult:
        """Do the same as at the creation. A provider with another update overrides it."""
        return UpdateResult(self.create(news).outs)


class ProviderResource(Resource):
    """A resource of one of these providers, which computes the annotated attributes that are no inputs."""

    def __init__(
        self, provider: ConsulProvider, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        computed = dict.fromkeys(type(self).__annotations__)
        super().__init__(provider, name, {**computed, **props, "revision": provider.revision}, opts)


def other_store(olds: Properties, news: Properties) -> bool:
    """Whether the servers' data is another than at the last update: what this resource wrote is gone."""
    before, after = olds.get("store"), news.get("store")
    return bool(before and after and before != after)


def known_addresses(props: Properties) -> list[str]:
    """The `addresses` of a cluster; none while one of them is not known yet."""
    found = props.get("addresses")
    return found if isinstance(found, list) and all(isinstance(base, str) for base in found) else []

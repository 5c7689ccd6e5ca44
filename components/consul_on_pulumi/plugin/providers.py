"""Which dynamic provider serves a resource: the one that its inputs and its state name."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any

import dill
from pulumi.dynamic.dynamic import PROVIDER_KEY

from consul_on_pulumi.providers.provider import ConsulProvider


def provider_of(props: Mapping[str, Any]) -> ConsulProvider:
    """The provider of a resource with these properties."""
    return _loaded(props[PROVIDER_KEY])


@cache
def _loaded(serialized: str) -> ConsulProvider:
    provider: ConsulProvider = dill.loads(base64.b64decode(serialized))
    return provider

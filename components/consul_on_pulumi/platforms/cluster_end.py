"""Whether a whole cluster ends or only a part of it: nobody has to leave a cluster that ends.

Of each cluster there are two resources with the properties of an `End`, which are deleted before any agent. The engine
calls no `delete` of what is `deleted_with` something that is deleted too: so the first is called only if the servers'
data stays, and tells the second.
"""

from typing import TypedDict

import pulumi

from consul_on_pulumi.providers.provider import Properties

_staying: set[str] = set()
"""The IDs of the clusters of which this run deletes only parts."""


class End(TypedDict):
    """Which cluster, and which of the two; these are properties of resources in the state."""

    cluster_id: pulumi.Input[str] | None
    """The identity of the cluster."""
    data_stays: bool
    """Whether it is the first of the two."""


def is_whole(props: Properties) -> bool:
    """Whether the resource with these properties is the second one, and the whole cluster ends."""
    if props["data_stays"]:
        _staying.add(props["cluster_id"])
        return False
    return props["cluster_id"] not in _staying

"""What the state holds of one object: the live document, with the inputs and the field manager under names of ours.

The layout is the official plugin's (``checkpointObject`` in ``provider/pkg/provider/provider.go``), so that a stack can
go from one plugin to the other.
"""

from dataclasses import dataclass

from pulumi.provider.experimental.property_value import PropertyValue

from kubernetes_plugin import values
from kubernetes_plugin.objects import Object

INPUTS = "__inputs"
API_VERSION = "__initialApiVersion"
MANAGER = "__fieldManager"


@dataclass(frozen=True)
class Checkpoint:
    """The state of one object."""

    inputs: Object
    live: Object
    manager: str


def parse(state: values.Properties) -> Checkpoint:
    """What a state says; empty documents where it says nothing."""
    whole = values.document(state)
    inputs = whole.pop(INPUTS, {})
    whole.pop(API_VERSION, None)
    return Checkpoint(inputs, whole, str(whole.pop(MANAGER, "")))


def build(inputs: Object, live: Object, manager: str, source: values.Properties) -> dict[str, PropertyValue]:
    """The state to keep; secret wherever ``source``, the inputs as the engine gave them, is."""
    state = values.properties(live, source)
    state[INPUTS] = PropertyValue(values.properties(inputs, source))
    state[API_VERSION] = PropertyValue(str(inputs.get("apiVersion") or live.get("apiVersion") or ""))
    state[MANAGER] = PropertyValue(manager)
    return state

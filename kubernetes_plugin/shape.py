"""Documents made comparable: the live one cut to the shape of the inputs, and both in the API server's spelling.

Rules: ``pruneLiveState`` and ``normalizeInputs`` in ``provider/pkg/provider/provider.go``.
"""

import base64
from itertools import zip_longest
from typing import Any

from kubernetes_plugin.objects import UNKNOWN, Object, without_part
from kubernetes_plugin.quantity import canonical

READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
QUANTITIES = ("requests", "limits", "hard", "capacity", "overhead")


def pruned(live: Any, shape: Any) -> Any:
    """The parts of a value that another has too; of a list, as many items as the other has."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        # What the server adds to a list (a Pod's tolerations and token volume) comes after what it was given.
        return [pruned(item, wanted) for item, wanted in zip(live, shape, strict=False)]
    return live


def with_dropped(live: Any, inputs: Any, before: Any = None) -> Any:
    """A pruned live value with those empty parts of the inputs that the server dropped, as it does with ``false``.

    What ``before``, the live value as it was, still had, somebody took away.
    """
    if isinstance(live, dict) and isinstance(inputs, dict):
        earlier = before if isinstance(before, dict) else {}
        kept = {key: with_dropped(value, inputs.get(key), earlier.get(key)) for key, value in live.items()}
        return kept | {key: value for key, value in inputs.items() if not value and key not in {*live, *earlier}}
    if isinstance(live, list) and isinstance(inputs, list):
        past = before if isinstance(before, list) else []
        return [with_dropped(item, *rest) for item, *rest in zip_longest(live, inputs, past)][: len(live)]
    return live


def normalized(obj: Object) -> Object:
    """A copy without what only the server sets, spelled as the server would store it."""
    for name in READ_ONLY:
        obj = without_part(obj, "metadata", name)
    if obj.get("kind") == "Secret":
        obj = _folded(obj)
    result: Object = _spelled(obj)
    return result


def _folded(secret: Object) -> Object:
    """A Secret as the server stores it: ``stringData`` becomes part of ``data``."""
    texts, data = secret.get("stringData"), secret.get("data") or {}
    if texts is None:
        return secret
    rest = without_part(secret, "stringData")
    if not isinstance(texts, dict) or not isinstance(data, dict):
        return rest | {"data": UNKNOWN}
    coded = {
        name: text if text == UNKNOWN else base64.b64encode(str(text).encode()).decode() for name, text in texts.items()
    }
    return rest | {"data": data | coded}


def _spelled(value: Any, *, quantities: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            key: canonical(inner) if quantities or key == "sizeLimit" else _spelled(inner, quantities=key in QUANTITIES)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value

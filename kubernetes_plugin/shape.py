"""Documents made comparable: the live one cut to the shape of the inputs, and both in the API server's spelling.

Rules: ``pruneLiveState`` and ``normalizeInputs`` in ``provider/pkg/provider/provider.go``.
"""

import base64
from typing import Any

from kubernetes_plugin.objects import Object, part, without_part
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
    """The parts of a value that another has too; lists are kept item by item, further items whole."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, shape[index]) if index < len(shape) else item for index, item in enumerate(live)]
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
    texts = part(secret, "stringData")
    if not isinstance(texts, dict):
        return secret
    coded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
    return without_part(secret, "stringData") | {"data": (secret.get("data") or {}) | coded}


def _spelled(value: Any, *, quantities: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            key: canonical(inner) if quantities or key == "sizeLimit" else _spelled(inner, quantities=key in QUANTITIES)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value

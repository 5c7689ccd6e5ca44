"""Names that the plugin gives: to objects without one, and to itself as a manager of fields.

Rules: ``provider/pkg/metadata/naming.go`` and ``fieldManagerName`` in ``provider/pkg/provider/provider.go``.
"""

import secrets
from hashlib import sha256

from kubernetes_plugin.objects import UNKNOWN, Object, annotated_true, annotation, name_of, part, with_part

AUTONAMED = "pulumi.com/autonamed"
FIELD_MANAGER = "pulumi.com/patchFieldManager"


def suffix(seed: bytes) -> str:
    """Eight hexadecimal digits; the engine gives the same seed for a preview and the update after it."""
    return sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)


def named(new: Object, old: Object, logical_name: str, seed: bytes) -> Object:
    """The new inputs with a name: their own, else that which was given before, else ``logical_name-<8 hex>``."""
    if name_of(new) or part(new, "metadata", "generateName") or new.get("metadata") == UNKNOWN:
        return new
    if old:
        return autonamed(new, name_of(old)) if is_autonamed(old) else new
    return autonamed(new, f"{logical_name}-{suffix(seed)}")


def autonamed(obj: Object, name: str) -> Object:
    """A copy under a name that the user did not choose."""
    return with_part(with_part(obj, name, "metadata", "name"), "true", "metadata", "annotations", AUTONAMED)


def is_autonamed(obj: Object) -> bool:
    """Whether the name may become another when the object is replaced."""
    return annotated_true(obj, AUTONAMED)


def field_manager(state: Object, inputs: Object) -> str:
    """The manager of the fields of one object: chosen by the user, else kept in the state, else new."""
    chosen = annotation(inputs, FIELD_MANAGER)
    return chosen or str(state.get("__fieldManager") or f"pulumi-kubernetes-{suffix(b'')}")

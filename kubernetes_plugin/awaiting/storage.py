"""When a volume, a claim and other objects that controllers fill in are ready."""

from kubernetes_plugin.awaiting.verdict import READY, Verdict, waiting
from kubernetes_plugin.objects import Object, part


def claim(obj: Object, binding_mode: str) -> Verdict:
    """Bound; if its class waits for a Pod to use it, pending is all that can be."""
    phase = part(obj, "status", "phase")
    if phase == "Bound" or (binding_mode == "WaitForFirstConsumer" and phase == "Pending"):
        return READY
    return waiting(f"PersistentVolumeClaim is {phase or 'new'}, not Bound")


def volume(obj: Object) -> Verdict:
    """Available or bound."""
    phase = part(obj, "status", "phase")
    return READY if phase in ("Available", "Bound") else waiting(f"PersistentVolume is {phase or 'new'}")


def quota(obj: Object) -> Verdict:
    """The controller took notice of the limits."""
    same = part(obj, "spec", "hard") == part(obj, "status", "hard")
    return READY if same else waiting("ResourceQuota is not in force yet")


def secret(obj: Object) -> Verdict:
    """A service account's token was written; other Secrets hold what they were given."""
    if part(obj, "type") == "kubernetes.io/service-account-token" and not part(obj, "data"):
        return waiting("Secret has no token yet")
    return READY

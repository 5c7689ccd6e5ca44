"""What can go wrong, told apart by what the engine has to do about it."""

import json
from typing import Any

from kubernetes_plugin.objects import Object, part


class ApiError(Exception):
    """An answer of the API server that is no success."""

    def __init__(self, status: int, message: str, reason: str = "", details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status code."""
        self.reason = reason
        """Kubernetes' word for it: NotFound, AlreadyExists, Conflict, Invalid, Forbidden."""
        self.details = details

    @classmethod
    def of_answer(cls, status: int, body: str | bytes | None, fallback: str) -> "ApiError":
        """From a Status document, or from whatever else came."""
        try:
            said = json.loads(body or "")
        except ValueError:
            said = None
        message = part(said, "message") or fallback or f"HTTP status {status}"
        return cls(status, str(message), str(part(said, "reason") or ""), part(said, "details"))

    @property
    def immutable(self) -> bool:
        """Whether it refuses to change a field that never changes."""
        return self.status == 422 and ("field is immutable" in str(self) or "Forbidden: " in str(self))

    @property
    def namespace_missing(self) -> bool:
        """Whether the object's namespace does not exist."""
        return self.status == 404 and part(self.details, "kind") == "namespaces"


class NoSuchKindError(Exception):
    """The API server knows no such group, version or kind."""


class UnreachableError(Exception):
    """The API server could not be asked."""


class OperationError(Exception):
    """An operation that changed nothing; the message names the resource."""


class NotReadyError(Exception):
    """The object exists but did not become what it shall be."""

    def __init__(self, message: str, reasons: list[str], live: Object) -> None:
        super().__init__(": ".join([message, *reasons[:1]]))
        self.reasons = reasons
        self.live = live
        """What was last seen of the object."""


class PartialFailureError(Exception):
    """The engine shall keep this state, and know that it is not complete."""

    def __init__(self, message: str, resource_id: str, state: Any, reasons: list[str], inputs: Any = None) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.state = state
        """Properties as the provider contract has them."""
        self.inputs = inputs
        self.reasons = reasons

"""What the engine shows where a provider fails: the text of the error alone.

The SDK's process for dynamic providers lets every error through to gRPC, which puts "Exception calling application:"
before its text. An error of this package ends the call itself, with its own text (pulumi 3.259, dynamic/__main__.py).
"""

import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any, ParamSpec, TypeVar

import grpc

PACKAGE = "consul_on_pulumi."
P = ParamSpec("P")
R = TypeVar("R")


def told(method: Callable[P, R]) -> Callable[P, R]:
    """`method` of a provider, whose errors end the call of the engine."""

    @wraps(method)
    def called(*args: P.args, **more: P.kwargs) -> R:
        try:
            return method(*args, **more)
        except Exception as error:
            if type(error).__module__.startswith(PACKAGE) and (call := _call()):
                call.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise

    return called


def _call() -> Any:
    """The call of the engine that this thread answers: an argument of the SDK's method. None outside of a call."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if isinstance(call := frame.f_locals.get("context"), grpc.ServicerContext):
            return call
        frame = frame.f_back
    return None

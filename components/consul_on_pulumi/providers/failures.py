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
            if type(error).__module__.startswith(PACKAGE) and (call := served("context")):
                call.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise

    return called


def served(name: str) -> Any:
    """This argument of the SDK's method that answers a call of the engine in this thread; None outside of a call."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if isinstance(frame.f_locals.get("context"), grpc.ServicerContext):
            return frame.f_locals.get(name)
        frame = frame.f_back
    return None

"""Waiting for what happens by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

import requests

Value = TypeVar("Value")


def eventually(what: str, probe: Callable[[], Value], wanted: Callable[[Value], object], within: float = 30) -> Value:
    """Ask again and again until the answer is as wanted; an agent that does not answer yet is asked again too."""
    deadline = time.monotonic() + within
    last: object = "nothing was answered"
    while True:
        try:
            last = answer = probe()
            if wanted(answer):
                return answer
        except (requests.RequestException, OSError) as error:
            last = error
        assert time.monotonic() < deadline, f"{what}: not within {within:.0f} s, last seen: {last!r}"
        time.sleep(0.1)

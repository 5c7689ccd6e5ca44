"""Wait for a condition."""

import time
from collections.abc import Callable
from typing import TypeVar

import requests

Value = TypeVar("Value")


def eventually(what: str, probe: Callable[[], Value], wanted: Callable[[Value], object], within: float = 30) -> Value:
    """Call `probe` until its answer is as wanted; network errors count as another answer. Returns the answer."""
    deadline = time.monotonic() + within
    last: object = "no answer"
    while True:
        try:
            last = answer = probe()
            if wanted(answer):
                return answer
        except (requests.RequestException, OSError) as error:
            last = error
        assert time.monotonic() < deadline, f"{what}: not within {within:.0f} s, last seen: {last!r}"
        time.sleep(0.25)

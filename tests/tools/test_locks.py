import threading
from pathlib import Path

import pytest

from tools.builds import cache


def test_the_second_says_that_it_waits_and_then_goes_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with cache.lock("lock", "waiting for the first"):
            order.append("second")

    with cache.lock("lock", "nobody is before it"):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        order.append("first")
    other.join(10)

    assert order == ["first", "second"]
    assert capfd.readouterr().err == "waiting for the first\n"

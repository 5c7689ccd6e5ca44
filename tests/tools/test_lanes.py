"""Commands side by side."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import lanes, places

MAIN = """
import os, sys
from pathlib import Path
from tools import lanes
python = [sys.executable, "-c", sys.argv[1]]
lanes.run([[*python, "first"], [*python, "second"]], Path("."), dict(os.environ))
"""
TIDY = """
import sys, time
from pathlib import Path
try:
    Path(f"{sys.argv[1]} started").touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    Path(f"{sys.argv[1]} tidied").touch()
"""


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


def test_all_run_at_once_to_their_ends_and_their_outputs_do_not_mix(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting = "while ! test -e {0}; do sleep 0.01; done"
    commands = [
        shell(f"echo a begins; touch go; {waiting.format('gone')}; echo a ends"),
        shell(f"{waiting.format('go')}; echo b begins; touch gone; echo b ends; exit 3"),
    ]

    assert [code for code, _ in lanes.run(commands, tmp_path, dict(os.environ))] == [0, 3]
    assert capfd.readouterr().out.splitlines() == ["a begins", "a ends", "b begins", "b ends"]


def test_an_interrupted_run_lets_every_command_tidy_up(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(places.ROOT)}
    running = subprocess.Popen([sys.executable, "-c", MAIN, TIDY], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob("* started"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    running.send_signal(signal.SIGINT)

    assert running.wait(20) != 0
    assert {path.name for path in tmp_path.glob("* tidied")} == {"first tidied", "second tidied"}


def test_a_run_in_the_background_of_a_shell_can_be_interrupted(tmp_path: Path) -> None:
    """A shell starts such a command with SIGINT ignored."""
    program = (
        "import signal; from tools import __main__; __main__.ready_for_signals(); signal.raise_signal(signal.SIGINT)"
    )
    command = 'trap \'\' INT; exec "$0" -c "$1"'

    done = subprocess.run(
        ["sh", "-c", command, sys.executable, program], cwd=places.ROOT, capture_output=True, text=True, check=False
    )

    assert "KeyboardInterrupt" in done.stderr

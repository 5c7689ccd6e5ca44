import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.kubernetes import supervisor


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a supervisor of shell lines; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(setup: str = "true", **programs: str) -> "subprocess.Popen[str]":
        lines = {name: ["sh", "-c", line] for name, line in programs.items()}
        specification = {"setup": [["sh", "-c", setup]], "programs": lines, "logs": str(tmp_path)}
        (tmp_path / "specification").write_text(json.dumps(specification))
        command = [sys.executable, supervisor.__file__, str(tmp_path / "specification")]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lines_of(log: Path, count: int) -> list[str]:
    """The lines of a log, as soon as there are so many."""
    deadline = time.monotonic() + 10
    while True:
        lines = log.read_text().splitlines() if log.exists() else []
        if len(lines) >= count:
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.02)


def test_what_ends_is_started_again(supervise: Callable[..., "subprocess.Popen[str]"], tmp_path: Path) -> None:
    process = supervise(brief="echo $$", lasting="echo $$; exec sleep 60")

    assert len(set(lines_of(tmp_path / "brief.log", 2))) >= 2
    assert len(lines_of(tmp_path / "lasting.log", 1)) == 1
    process.send_signal(signal.SIGTERM)
    assert "brief ended and is started again" in process.communicate(timeout=10)[0]


def test_a_polite_end_ends_the_first_program_last(
    supervise: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    note = f"trap 'date +%s%N > {tmp_path}/NAME; exit' TERM; echo up; while :; do sleep 0.05; done"
    process = supervise(first=note.replace("NAME", "first"), second=note.replace("NAME", "second"))
    for name in ("first", "second"):
        lines_of(tmp_path / f"{name}.log", 1)

    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert int((tmp_path / "second").read_text()) < int((tmp_path / "first").read_text())


def test_nothing_starts_where_the_preparation_failed(
    supervise: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = supervise(setup="exit 3", program="echo started")

    assert process.wait(10) == 1
    assert not (tmp_path / "program.log").exists()

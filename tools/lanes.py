"""Commands side by side, whose outputs do not mix."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolchain import progress

ENDING = 60.0
"""Seconds for a command that was interrupted to clear away what it made."""

Command = Sequence[str | Path]


def run(commands: Sequence[Command], cwd: Path, env: Mapping[str, str]) -> list[int]:
    """Runs them all to their ends; shows the first as it goes, every other one whole after it. The exit codes."""
    first, *others = commands
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / str(number) for number in range(len(others))]
        try:
            for command, log in zip(others, logs, strict=True):
                with log.open("wb") as output:
                    running.append(start(command, cwd, env, stdout=output, stderr=subprocess.STDOUT))
            running.insert(0, start(first, cwd, env))
            codes = [running[0].wait()]
            for process, log in zip(running[1:], logs, strict=True):
                codes.append(process.wait())
                sys.stdout.write(log.read_text(errors="replace"))
                sys.stdout.flush()
        finally:
            for process in running:
                interrupt(process)
    return codes


def start(command: Command, cwd: Path, env: Mapping[str, str], **streams: Any) -> "subprocess.Popen[bytes]":
    """Starts one out of the keyboard's reach: it is interrupted once, by us, and has time to clear away."""
    return subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True, **streams)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ends one that still runs, as the keyboard would, and by force if it takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            progress.end(process)

"""Commands that run at the same time, with outputs that do not mix."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import progress

ENDING = 60.0
"""Seconds in which an interrupted command can remove what it made."""

Command = Sequence[str | Path]


def run(commands: Sequence[Command], cwd: Path, env: Mapping[str, str]) -> list[tuple[int, float]]:
    """Runs all commands to their ends. Only the first prints while it runs. Returns exit codes and seconds."""
    first, *others = commands
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(len(commands)) as pool:
        logs = [Path(folder) / str(number) for number in range(len(others))]
        try:
            for command, log in zip(others, logs, strict=True):
                with log.open("wb") as output:
                    running.append(start(command, cwd, env, stdout=output, stderr=subprocess.STDOUT))
            running.insert(0, start(first, cwd, env))
            ends = [pool.submit(_end, process, time.monotonic()) for process in running]
            results = [ends[0].result()]
            for end, log in zip(ends[1:], logs, strict=True):
                results.append(end.result())
                sys.stdout.write(log.read_text(errors="replace"))
                sys.stdout.flush()
        finally:
            for process in running:
                interrupt(process)
    return results


def _end(process: "subprocess.Popen[bytes]", started: float) -> tuple[int, float]:
    return process.wait(), time.monotonic() - started


@contextmanager
def beside(command: Command, cwd: Path) -> Iterator[None]:
    """Runs a command silently while the block runs, and ends it with the block."""
    process = start(command, cwd, None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        interrupt(process)


def start(command: Command, cwd: Path, env: Mapping[str, str] | None, **streams: Any) -> "subprocess.Popen[bytes]":
    """Starts a command that Ctrl-C does not reach. It is interrupted once, by ``interrupt``."""
    return subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True, **streams)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Interrupts a command that still runs, and kills it if that takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            progress.end(process)

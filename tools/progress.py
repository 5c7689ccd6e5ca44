"""Long commands: what they do, how long they usually take, and the last line of their output while they run."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tools.found import SetupError

INTERVAL = 15.0
ENDING = (signal.SIGINT, signal.SIGTERM)


def say(line: str) -> None:
    """Prints a line for the user to standard error; standard output is for results."""
    print(line, file=sys.stderr, flush=True)


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    doing: str,
    usually: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = None,
    advice: str = "run it again; what is finished is kept",
) -> None:
    """Runs a long command, and prints the last line of its output from time to time and in the error.

    The command has its own process group, which is ended with this process: otherwise a build would go on alone.
    """
    say(f"  ..  {doing} (usually {usually})")
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        # An interrupt between the start of the command and the `try` would leave the command running.
        release = held_back()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        except OSError:
            release()
            raise
        try:
            release()
            while True:
                try:
                    code = process.wait(INTERVAL if timeout is None else min(INTERVAL, timeout))
                    break
                except subprocess.TimeoutExpired:
                    elapsed = time.monotonic() - started
                    if timeout is not None and elapsed >= timeout:
                        raise SetupError(f"{doing}: no result within {timeout:.0f} s; {advice}.") from None
                    say(f"      {elapsed:.0f} s: {last_line(log)[:100]}")
        finally:
            end(process)
        if code != 0:
            raise SetupError(f"{doing} failed ({last_line(log)[:300] or f'exit {code}'}); {advice}.")


def held_back() -> Callable[[], None]:
    """Delays interrupts until the returned function is called."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in ENDING}

    def release() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)

    return release


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a command and the processes that it started."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


def last_line(log: IO[bytes]) -> str:
    """The last line that is not empty."""
    # pread, because the command writes at the file's position.
    size = os.fstat(log.fileno()).st_size
    tail = os.pread(log.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
    lines = [line.strip() for line in tail.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def ended(pids: Iterable[int], within: float) -> bool:
    """Waits until processes have ended, and returns whether they did in time. They need not be children."""
    deadline = time.monotonic() + within
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        with open(descriptor):
            if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
    return True

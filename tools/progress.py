"""Saying what is done, how long it usually takes, and that it is still alive."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from toolchain.errors import SetupError

INTERVAL = 15.0
ENDING = (signal.SIGINT, signal.SIGTERM)


def say(line: str) -> None:
    """One line to a person; standard output stays free for results."""
    print(line, file=sys.stderr, flush=True)


def done(name: str, detail: str) -> None:
    """The closing line of a step."""
    say(f"  ok  {name}: {detail}")


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
    """Runs a long command, announced, with a sign of life at intervals.

    Its output goes to a file; the last line is shown at intervals and, on failure, in the error. The command has a
    process group of its own, so that it ends with its starter: an orphaned build would go on using both cores.
    """
    say(f"  ..  {doing} (usually {usually})")
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        # Between the start of the command and the `try` nobody would end it.
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
    """Holds interrupts back until the function that it returns is called, which then delivers them."""
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
    """Ends a command and all that it started, if it still runs."""
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
    """The last line with something on it."""
    # A position of its own: the command that is writing shares the file's.
    size = os.fstat(log.fileno()).st_size
    tail = os.pread(log.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
    lines = [line.strip() for line in tail.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else ""

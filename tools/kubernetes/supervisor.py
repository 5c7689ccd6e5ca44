"""The first process in new Linux namespaces: it prepares them, starts programs and restarts those that end.

It is run by its path with a specification in JSON (see ``isolation``), so it imports only the standard library. When
it ends, the kernel ends all processes and removes all mounts in the namespaces.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

AGAIN_AFTER = 1.0
PAUSE = 0.1
GRACE = 5.0


def main(specification: dict[str, Any]) -> NoReturn:
    """Runs until SIGTERM. The first program ends last, because the others use it."""
    received: list[int] = []
    # Noted, not raised: an exception between a start and its record would leave a program that nobody ends.
    signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    for command in specification["setup"]:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    programs: dict[str, list[str]] = specification["programs"]
    due = dict.fromkeys(programs, 0.0)
    running: dict[int, str] = {}
    try:
        while not received:
            for name in [name for name, when in due.items() if when <= time.monotonic()]:
                del due[name]
                running[start(programs[name], Path(specification["logs"]) / f"{name}.log")] = name
            for pid in reaped():
                name = running.pop(pid, "")
                if name:
                    print(f"{name} ended and is started again", flush=True)
                    due[name] = time.monotonic() + AGAIN_AFTER
            time.sleep(PAUSE)
    finally:
        first = next(iter(programs))
        stop({pid for pid, name in running.items() if name != first})
        stop({pid for pid, name in running.items() if name == first})
    sys.exit(0)


def start(command: list[str], log: Path) -> int:
    """Starts one program. Not with subprocess, because ``reaped`` collects all children."""
    output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)],
        setsid=True,
        setsigdef=[signal.SIGPIPE],
    )


def reaped() -> list[int]:
    """The processes that ended, with orphans."""
    ended: list[int] = []
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append(pid)


def stop(pids: set[int]) -> None:
    """Ends programs with SIGTERM and waits a few seconds."""
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while pids and time.monotonic() < deadline:
        pids -= set(reaped())
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))

"""Groups of programs in namespaces of their own, each under a supervisor; ended without a trace."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from toolchain.errors import SetupError
from toolchain.kubernetes import supervisor

POLITE = 10.0
WITHIN = 10.0
UNSHARE = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--mount-proc", "--ipc", "--propagation=slave")


@dataclass(frozen=True)
class Group:
    """Programs that live and die together; ``folder`` holds their specification and logs."""

    folder: Path
    programs: dict[str, list[str]] = field(default_factory=dict)
    setup: Sequence[Sequence[str]] = ()
    """Commands that prepare the namespaces before any program starts."""
    network: str | None = None
    """The name of the network namespace to be in, None for the machine's own."""
    inputs: Sequence[Path] = ()
    """Files that the programs read when they start."""
    search: Sequence[Path] = ()
    """Folders that come first on the programs' PATH."""

    @property
    def specification(self) -> Path:
        """What the supervisor reads; also what its process is recognised by."""
        return self.folder / "supervised.json"

    @property
    def logs(self) -> Path:
        """The programs' logs, and the supervisor's."""
        return self.folder / "logs"

    def current(self) -> bool:
        """Whether it runs, and as it should."""
        return self.outer() is not None and self.specification.read_text() == self.wanted()

    def start(self) -> None:
        """Starts it, so that ``outer`` finds it; it must not run."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for log in self.logs.glob("*.log"):
            log.replace(log.with_suffix(".old"))
        self.specification.write_text(self.wanted())
        joined = ("nsenter", f"--net=/run/netns/{self.network}", *UNSHARE, "--uts") if self.network else UNSHARE
        path = os.pathsep.join([*map(str, self.search), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
        with open(self.logs / "supervisor.log", "ab") as log_file:
            process = subprocess.Popen(
                [*joined, sys.executable, supervisor.__file__, str(self.specification)],
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                cwd="/",
                env={"PATH": path, "HOME": "/root"},
                start_new_session=True,
            )
        # Until it has become `unshare` it would count as one that ended.
        while self.outer() is None and process.poll() is None:
            time.sleep(0.01)

    def wanted(self) -> str:
        """The specification as it should be; it changes with what the inputs say."""
        inputs = {str(path): sha256(path.read_bytes()).hexdigest() for path in self.inputs}
        rest = {"setup": self.setup, "programs": self.programs, "logs": str(self.logs)}
        return json.dumps({**rest, "inputs": inputs}, indent=1)

    def outer(self) -> int | None:
        """The process that holds the namespaces from outside."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"unshare" and os.fsencode(self.specification) in words:
                return int(process.name)
        return None

    def inner(self) -> int | None:
        """The supervisor, as a process of the machine."""
        outer = self.outer()
        try:
            children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split() if outer else []
        except OSError:
            return None
        return int(children[0]) if children else None

    def stop(self) -> None:
        """Ends it and all that was started inside, politely first."""
        processes = [pid for pid in (self.inner(), self.outer()) if pid]
        if not processes:
            return
        os.kill(processes[0], signal.SIGTERM)
        if not gone(processes, POLITE) and not gone(processes, WITHIN, signal.SIGKILL):
            raise SetupError(f"processes {processes} do not end; see {self.logs}.")

    def inside(self, *command: str) -> list[str]:
        """A command line that runs in its mounts."""
        return ["nsenter", f"--target={self.inner()}", "--mount", "--", *command]


def gone(pids: Sequence[int], within: float, kill: signal.Signals | None = None) -> bool:
    """Whether processes end in time; with a signal, they get it first."""
    deadline = time.monotonic() + within
    for pid in pids:
        if kill and alive(pid):
            os.kill(pid, kill)
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    """Whether a process is more than an entry that its parent has not read yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

"""Groups of programs in their own Linux namespaces, each with a supervisor. When it ends, the kernel ends them all."""

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

from tools import progress
from tools.found import SetupError
from tools.kubernetes import supervisor

TERM_WITHIN = 10.0
KILL_WITHIN = 10.0
UNSHARE = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--mount-proc", "--ipc", "--propagation=slave")


@dataclass(frozen=True)
class Group:
    """Programs that start and end together; ``folder`` has their specification and logs."""

    folder: Path
    programs: dict[str, list[str]] = field(default_factory=dict)
    setup: Sequence[Sequence[str]] = ()
    """Commands that prepare the namespaces before any program starts."""
    network: str | None = None
    """The name of their network namespace; None is the machine's own."""
    inputs: Sequence[Path] = ()
    """Files that the programs read when they start."""
    search: Sequence[Path] = ()
    """Folders that come first on the programs' PATH."""

    @property
    def specification(self) -> Path:
        """The file that the supervisor reads. Its path identifies the supervisor's process."""
        return self.folder / "supervised.json"

    @property
    def logs(self) -> Path:
        """The logs of the programs and of the supervisor."""
        return self.folder / "logs"

    def current(self) -> bool:
        """Whether it runs with the present specification."""
        return self.outer() is not None and self.specification.read_text() == self.wanted()

    def start(self) -> None:
        """Starts it and waits until ``outer`` finds it. It must not run already."""
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
        # Until the new process executes `unshare`, `outer` does not find it.
        while self.outer() is None and process.poll() is None:
            time.sleep(0.01)

    def wanted(self) -> str:
        """The present specification. It changes with the content of the inputs."""
        inputs = {str(path): sha256(path.read_bytes()).hexdigest() for path in self.inputs}
        rest = {"setup": self.setup, "programs": self.programs, "logs": str(self.logs)}
        return json.dumps({**rest, "inputs": inputs}, indent=1)

    def outer(self) -> int | None:
        """The `unshare` process, which is the parent of the supervisor."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"unshare" and os.fsencode(self.specification) in words:
                return int(process.name)
        return None

    def inner(self) -> int | None:
        """The supervisor's process number on the machine."""
        outer = self.outer()
        try:
            children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split() if outer else []
        except OSError:
            return None
        return int(children[0]) if children else None

    def stop(self) -> None:
        """Ends all its processes: with SIGTERM, and after a while with SIGKILL."""
        processes = [pid for pid in (self.inner(), self.outer()) if pid]
        if not processes:
            return
        os.kill(processes[0], signal.SIGTERM)
        if not progress.ended(processes, TERM_WITHIN):
            # The kernel ends the others with the supervisor.
            os.kill(processes[0], signal.SIGKILL)
            if not progress.ended(processes, KILL_WITHIN):
                raise SetupError(f"processes {processes} do not end; see {self.logs}.")

    def inside(self, *command: str) -> list[str]:
        """A command line that runs in its mount namespace."""
        return ["nsenter", f"--target={self.inner()}", "--mount", "--", *command]

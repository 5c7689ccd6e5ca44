"""The checks of a change: the quick ones first, then the tests on real engines at the same time."""

import fcntl
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools import browser, environment, lanes, places, progress, setup, versions
from tools.builds import go
from tools.found import SetupError
from tools.kubernetes import layout

WORKFLOWS = tuple(str(path) for path in sorted((places.ROOT / ".github" / "workflows").glob("*.yml")))
ACTIONLINT = go.Program("actionlint", versions.ACTIONLINT, "20 s", package="github.com/rhysd/actionlint/cmd/actionlint")
# A failure here makes the rest pointless.
QUICK = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "imports": ("lint-imports",),
    "types": ("mypy", "--strict", "components", "tests", "tools", "__main__.py"),
    "workflows": ("actionlint", *WORKFLOWS),
    "unit tests": ("pytest", "tests", "-m", "not e2e", "-n", "auto"),
}
SLOWEST = ("--tb=short", "--durations=25", "--durations-min=10")
LANES = {
    "docker": ("pytest", "tests", "-m", "e2e", "--ignore=tests/e2e_k8s", "-n", "2", "--dist", "loadfile", *SLOWEST),
    "kubernetes": ("pytest", "tests/e2e_k8s", "-m", "e2e", *SLOWEST),
}


def run() -> int:
    """Runs all checks up to the first failure, and prints the seconds of each. Returns the exit code."""
    taken: dict[str, float] = {}
    with lanes.beside(setup.BUILD_KUBERNETES, places.ROOT), lanes.beside(setup.BUILD_LANGUAGES, places.ROOT):
        for name, command in QUICK.items():
            if code := _stage({name: [_program(command[0]), *command[1:]]}, taken):
                break
        else:
            code = _stage({name: [sys.executable, "-m", "tools", "check", "--only", name] for name in LANES}, taken)
    for name, seconds in taken.items():
        progress.say(f"{seconds:8.1f} s  {name}")
    return code


def _stage(commands: dict[str, Sequence[str | Path]], taken: dict[str, float]) -> int:
    """Runs checks at the same time. Returns the exit code of the first failure."""
    progress.say(f"== {' and '.join(commands)}")
    results = dict(zip(commands, lanes.run(list(commands.values()), places.ROOT, _variables()), strict=True))
    taken |= {name: seconds for name, (_, seconds) in results.items()}
    failed = {name: code for name, (code, _) in results.items() if code}
    for name in failed:
        progress.say(f"== failed: {name}")
    return next(iter(failed.values()), 0)


def lane(name: str) -> int:
    """Becomes the tests on one engine."""
    own = {}
    if name == "kubernetes":
        setup.kubernetes()
        setup.yaml()
        own[layout.SLOT_VARIABLE] = str(_slot())
    else:
        setup.languages()
    browser.setup()
    variables = _variables() | own
    command = LANES[name]
    os.chdir(places.ROOT)
    os.execve(_program(command[0]), command, variables)


def _slot() -> int:
    """The number of a cluster that no other tests on this machine have. It stays taken until these tests end."""
    for slot in layout.SLOTS:
        taken = os.open(Path(tempfile.gettempdir()) / f"{places.NAME}-slot-{slot}", os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(taken)
            continue
        os.set_inheritable(taken, True)
        return slot
    raise SetupError(f"{len(layout.SLOTS)} other processes test on Kubernetes on this machine; wait for one to end.")


def _program(name: str) -> Path:
    if name == "actionlint":
        return places.installed(name) or ACTIONLINT.path()
    return places.VENV / "bin" / name


def _variables() -> dict[str, str]:
    # The engine and its providers run for seconds: they need not free memory so often.
    return {"GOGC": "400", **os.environ, **environment.variables(environment.tools())}

"""The checks of a change, cheapest first; stops at the first that fails."""

import os
from pathlib import Path

from toolchain import actionlint, environment, lanes, places, progress

TYPED = ("components", "documentation", "kubernetes_plugin", "operations", "review", "toolchain", "__main__.py")
WORKFLOWS = tuple(str(path) for path in sorted((places.ROOT / ".github" / "workflows").glob("*.yml")))
# The quick tests come first: they find most mistakes, and a failure there makes the rest pointless.
COMMANDS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy", "--strict", *TYPED),
    # By name: it would look for them in a clone alone.
    (actionlint.TOOL, *WORKFLOWS),
    ("pytest", "tests", "-m", "not e2e"),
)
# They wait most of the time, each for servers of its own, so side by side they take little longer than one.
SIDE_BY_SIDE = (
    ("pytest", "tests", "-m", "e2e", "--ignore=tests/e2e_k8s", "--ignore=tests/kubernetes_plugin"),
    ("pytest", "tests/e2e_k8s", "tests/kubernetes_plugin", "-m", "e2e"),
)


def run() -> int:
    """Runs them; the exit code is the first failure's (pytest's 5 means that no test ran)."""
    env = {**os.environ, **environment.variables(environment.tools())}
    for stage in (*((command,) for command in COMMANDS), SIDE_BY_SIDE):
        for command in stage:
            progress.say(f"== {' '.join(command)}")
        codes = lanes.run([[program(name), *rest] for name, *rest in stage], places.ROOT, env)
        for command, code in zip(stage, codes, strict=True):
            if code:
                progress.say(f"== failed: {' '.join(command)}")
        if any(codes):
            return next(filter(None, codes))
    return 0


def program(name: str) -> Path:
    """Where a command is."""
    return actionlint.command() if name == actionlint.TOOL else places.VENV / "bin" / name

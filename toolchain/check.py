"""The checks of a change, cheapest first; stops at the first that fails."""

import os
import subprocess

from toolchain import actionlint, environment, places, progress

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
    ("pytest", "tests", "-m", "e2e"),
)


def run() -> int:
    """Runs them; the exit code is the first failure's (pytest's 5 means that no test ran)."""
    env = {**os.environ, **environment.variables(environment.tools())}
    for command in COMMANDS:
        progress.say(f"== {' '.join(command)}")
        tool = actionlint.command() if command[0] == actionlint.TOOL else places.VENV / "bin" / command[0]
        code = subprocess.run([tool, *command[1:]], cwd=places.ROOT, env=env, check=False).returncode
        if code:
            progress.say(f"== failed: {' '.join(command)}")
            return code
    return 0

"""Runs `pulumi preview` and reads its event log."""

import os
import subprocess
from pathlib import Path

from consul_on_pulumi.review.events import parse
from consul_on_pulumi.review.steps import Preview

# `--event-log` is one of Pulumi's commands for debugging; its Automation API is built on it.
DEBUGGING = {"PULUMI_DEBUG_COMMANDS": "true"}


def preview(stack: str, log: Path) -> Preview:
    """Preview a stack of the project in the current folder, and keep the events in `log`. Raises OSError."""
    command = ["pulumi", "preview", "--stack", stack, "--non-interactive", "--color", "never", "--event-log", str(log)]
    done = subprocess.run(
        command,
        env={**os.environ, **DEBUGGING},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = read(log) if log.exists() else Preview((), (), ())
    if done.returncode and not found.errors:
        found = Preview(found.steps, (done.stdout.strip() or "the preview failed",), found.warnings)
    return found


def read(log: Path) -> Preview:
    """A preview from an event log. Raises OSError, and ValueError where the file is not an event log."""
    with log.open(encoding="utf-8") as lines:
        return parse(lines)

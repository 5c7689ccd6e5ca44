"""`consul-on-pulumi review`: a preview as a comment for a pull request."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from consul_on_pulumi.cli.stack import NO_PULUMI
from consul_on_pulumi.review.comment import comment, found_losses
from consul_on_pulumi.review.events import parse
from consul_on_pulumi.review.losses import refused
from consul_on_pulumi.review.steps import Preview
from consul_on_pulumi.seeds import yaml_tree
from consul_on_pulumi.seeds.tree import Branch, DocumentError

FAILED, UNREADABLE, LOSSES, UNCHANGED = 1, 2, 3, 4
PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def run(stack: str, allowed: Sequence[str], log: Path | None, events: Path | None, *, detailed: bool) -> int:
    """Write the comment to the standard output; returns the exit code, which if `detailed` is UNCHANGED for no change.

    `log` is where to keep the events of the preview; `events` are read instead of running a preview.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(events) if events else preview(stack, log or Path(folder) / "events.json")
        except (OSError, ValueError) as error:
            print(f"{events or stack}: not an event log: {error}", file=sys.stderr)
            return UNREADABLE
    sys.stdout.write(comment(found, stack, allowed, project()))
    lost = refused(found_losses(found), allowed)
    for loss in lost:
        print(f"not allowed: {loss.what} (--allow {loss.kind.value})", file=sys.stderr)
    return FAILED if found.errors else LOSSES if lost else UNCHANGED if detailed and found.unchanged else 0


def preview(stack: str, log: Path) -> Preview:
    """Preview a stack of the project in the current folder, and keep the events in `log`."""
    command = ["pulumi", "preview", "--stack", stack, "--non-interactive", "--color", "never", "--event-log", str(log)]
    # `--event-log` is one of Pulumi's commands for debugging; its Automation API is built on it.
    env = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
    try:
        done = subprocess.run(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError:
        sys.exit(NO_PULUMI)
    found = read(log) if log.exists() else Preview((), (), ())
    if done.returncode and not found.errors:
        found = Preview(found.steps, (done.stdout.strip() or "the preview failed",), found.warnings)
    return found


def project() -> str:
    """The name in the project file of the current folder or of one above it, where Pulumi looks for it; else empty."""
    folder = Path.cwd()
    for file in (above / name for above in (folder, *folder.parents) for name in PROJECT_FILES):
        try:
            found = yaml_tree.parse(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, DocumentError):
            return ""
        return str(dict(found.pairs).get("name", "")) if isinstance(found, Branch) else ""
    return ""


def read(log: Path) -> Preview:
    """A preview from an event log. Raises OSError, and ValueError where the file is not an event log."""
    with log.open(encoding="utf-8") as lines:
        return parse(lines)

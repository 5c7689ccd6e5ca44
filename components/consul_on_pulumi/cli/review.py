"""`consul-on-pulumi review`: a preview as a comment for a pull request."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from consul_on_pulumi.review import engine
from consul_on_pulumi.review.comment import comment, found_losses
from consul_on_pulumi.review.losses import refused

FAILED, UNREADABLE, LOSSES = 1, 2, 3


def run(stack: str, allowed: Sequence[str], log: Path | None, events: Path | None) -> int:
    """Write the comment to the standard output; returns the exit code.

    `log` is where to keep the events of the preview; `events` are read instead of running a preview.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = engine.read(events) if events else engine.preview(stack, log or Path(folder) / "events.json")
        except (OSError, ValueError) as error:
            print(f"{events or stack}: not an event log: {error}", file=sys.stderr)
            return UNREADABLE
    sys.stdout.write(comment(found, stack, allowed))
    lost = refused(found_losses(found), allowed)
    for loss in lost:
        print(f"not allowed: {loss.what} (--allow {loss.kind.value})", file=sys.stderr)
    return FAILED if found.errors else LOSSES if lost else 0

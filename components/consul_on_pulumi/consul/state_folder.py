"""Where this package keeps files of a stack on this machine."""

import os
from pathlib import Path


def of(kind: str, project: str, stack: str) -> Path:
    """The folder for one kind of files of a stack; created if need be, closed to other users. Raises OSError."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    found = state / "consul-on-pulumi" / kind / project / stack
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found

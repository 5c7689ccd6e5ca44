"""What a stack says of its cluster: its outputs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from toolchain import places


def outputs(stack: str) -> dict[str, Any]:
    """The stack's outputs by name. Ends the program with one sentence when there are none."""
    asked = subprocess.run(
        ["pulumi", "stack", "output", "--json", "--stack", stack], capture_output=True, text=True, check=False
    )
    found: dict[str, Any] = json.loads(asked.stdout) if asked.returncode == 0 else {}
    if "http_addresses" not in found:
        sys.exit(f"the stack {stack} has no cluster: run `make up STACK={stack}` first. {asked.stderr.strip()}")
    return found


def folder(stack: str) -> Path:
    """Where what belongs to a stack is kept outside the work tree, made if need be, closed to other users."""
    found = places.state() / "snapshots" / stack
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found

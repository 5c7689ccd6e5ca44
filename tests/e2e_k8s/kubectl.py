"""kubectl for one kubeconfig."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tools.kubernetes import programs


class Kubectl:
    """Runs kubectl against one cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        self.command = [str(programs.kubernetes("kubectl")["kubectl"]), f"--kubeconfig={kubeconfig}"]

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """The output of a command; raises AssertionError with its error message if it fails."""
        done = subprocess.run([*self.command, *arguments], input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def get(self, *arguments: str) -> Any:
        """Objects, decoded."""
        return json.loads(self("get", *arguments, "-o", "json"))

    def apply(self, *manifests: Any) -> None:
        """Apply manifests with server-side apply."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self("apply", "--server-side", "-f", "-", stdin=json.dumps(listed))

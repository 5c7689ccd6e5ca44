"""Pulumi's SDK for Go in Go's own cache, for the example in Go: else its first `pulumi up` compiles it for minutes."""

import os
import shutil
import tempfile
from pathlib import Path

from tools import places, progress
from tools.builds import go

EXAMPLE = places.ROOT / "examples" / "go"
PACKAGES = ("github.com/pulumi/pulumi/sdk/v3/go/pulumi", "github.com/pulumi/pulumi/sdk/v3/go/pulumi/config")


def compile_once() -> None:
    """Compiles the version that the example requires, as a program of a user does. Again, it takes a second."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(EXAMPLE / "go.mod", folder)
        progress.run(
            ["nice", "-n", "10", go.go(), "build", "-mod=mod", *PACKAGES],
            doing="compiling Pulumi's SDK for Go",
            usually="2 min, 2 cores",
            env={**os.environ, "GOWORK": "off"},
            cwd=Path(folder),
        )

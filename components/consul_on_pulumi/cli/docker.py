"""The docker command, which may be missing: a stack on Kubernetes needs none."""

import subprocess

MISSING = 127
"""What a shell says of a command that is not there."""


def docker(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run it and tell how it ended; that there is no such command is an answer as well."""
    try:
        return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, MISSING, "", "there is no docker command")

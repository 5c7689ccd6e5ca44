"""Fetching one file whose SHA-256 is published beside it; run as a program, so that it can be timed and ended."""

import hashlib
import os
import sys
import urllib.request
from pathlib import Path

from toolchain import places, progress
from toolchain.errors import SetupError

# A network that drops packets must not hold the set-up up.
TIMEOUT = 10.0
BLOCK = 1 << 20


def fetch(url: str, target: Path, *, usually: str) -> None:
    """Downloads ``url``, checked against ``url.sha256``, to an executable file; a refusal is known at once."""
    progress.run(
        [sys.executable, "-m", "toolchain.download", url, target],
        doing=f"downloading {target.name}",
        usually=usually,
        cwd=places.ROOT,
        timeout=600,
        advice="it is built instead",
    )


def copy(url: str, target: Path) -> None:
    """Downloads, checks, and only then gives the file its name."""
    total = hashlib.sha256()
    partial = target.with_suffix(".partial")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as source, open(partial, "wb") as file:
            while block := source.read(BLOCK):
                total.update(block)
                file.write(block)
        with urllib.request.urlopen(f"{url}.sha256", timeout=TIMEOUT) as published:
            wanted = published.read(200).decode().split()[0]
    except OSError as error:
        raise SetupError(f"{url}: {error}") from None
    if total.hexdigest() != wanted:
        raise SetupError(f"{url}: the SHA-256 is {total.hexdigest()}, published is {wanted}")
    partial.chmod(0o755)
    os.replace(partial, target)


if __name__ == "__main__":
    try:
        copy(sys.argv[1], Path(sys.argv[2]))
    except SetupError as failure:
        sys.exit(str(failure))

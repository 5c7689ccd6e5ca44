"""Downloads one file and checks its published SHA-256."""

import hashlib
import os
import time
import urllib.request
from pathlib import Path

from tools import progress
from tools.found import SetupError

# Where the network drops packets, set-up must go on soon.
TIMEOUT = 10.0
WITHIN = 600.0
BLOCK = 1 << 20


def fetch(url: str, target: Path, *, usually: str) -> None:
    """Downloads ``url`` to an executable file and compares it with ``url.sha256``. The file gets its name last."""
    progress.say(f"  ..  downloading {target.name} (usually {usually})")
    total, deadline = hashlib.sha256(), time.monotonic() + WITHIN
    partial = target.with_suffix(".partial")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as source, open(partial, "wb") as file:
            while (block := source.read(BLOCK)) and time.monotonic() < deadline:
                total.update(block)
                file.write(block)
        with urllib.request.urlopen(f"{url}.sha256", timeout=TIMEOUT) as published:
            wanted = published.read(200).decode().split()[0]
    except OSError as error:
        raise SetupError(f"{url}: {error}; it is built instead.") from None
    if total.hexdigest() != wanted:
        raise SetupError(f"{url}: the SHA-256 is {total.hexdigest()}, published is {wanted}; it is built instead.")
    partial.chmod(0o755)
    os.replace(partial, target)

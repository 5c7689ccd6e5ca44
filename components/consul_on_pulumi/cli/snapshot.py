"""Save and restore everything a cluster stores: `python -m consul_on_pulumi.cli.snapshot save|restore STACK [FILE]`."""

import hashlib
import sys
import time
from pathlib import Path

import requests

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul import operator_api
from consul_on_pulumi.consul.api import Consul, RefusedError, UnreachableError


def save(addresses: list[str], file: Path) -> str:
    """Write a consistent snapshot by the leader to `file`, whole or not at all; returns its SHA-256."""
    digest = hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    try:
        with part.open("wb") as written:
            for piece in operator_api.snapshot(Consul(addresses)):
                written.write(piece)
                digest.update(piece)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def restore(addresses: list[str], file: Path) -> None:
    """Replace everything that the cluster stores by what `file` holds."""
    with file.open("rb") as taken:
        operator_api.restore(Consul(addresses, timeout=60), taken)


def newest(folder: Path) -> Path:
    """The last snapshot that `save` put into `folder`. Ends the program with one sentence when there is none."""
    found = sorted(folder.glob("*.snap"))
    if not found:
        sys.exit(f"no snapshot in {folder}: run `make snapshot` first, or name one with FILE=")
    return found[-1]


def main(command: str, stack: str, name: str = "") -> None:
    """One command; `name` is the snapshot's file, by default a new one to save and the newest one to restore."""
    addresses = stacks.consul_access(stack)
    stacks.authorize(stack)
    folder = stacks.folder(stack)
    try:
        if command == "save":
            file = Path(name) if name else folder / time.strftime("%Y%m%dT%H%M%SZ.snap", time.gmtime())
            digest = save(addresses, file)
            print(f"saved {file} ({file.stat().st_size} bytes, sha256 {digest})")
        else:
            file = Path(name) if name else newest(folder)
            restore(addresses, file)
            print(f"restored {file}; `pulumi refresh --stack {stack}` shows what differs from the settings now")
    except (RefusedError, UnreachableError, OSError, requests.RequestException) as error:
        sys.exit(f"{command} failed, {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])

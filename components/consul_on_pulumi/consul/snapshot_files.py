"""Snapshots as files on this machine, in a folder of each stack."""

import gzip
import hashlib
import tarfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import requests

from consul_on_pulumi.consul import answers, api
from consul_on_pulumi.consul.api import Consul, UnreachableError
from consul_on_pulumi.model.connection import Connection

PATH = "/v1/snapshot"
TIMEOUT = 300.0
"""Seconds without a byte after which the transfer of a snapshot fails."""
CHUNK = 1024 * 1024
"""Bytes of a snapshot that are in memory at once."""


class DamagedError(Exception):
    """A file is not a complete snapshot. The message names it."""


def new_file(folder: Path, cluster: str) -> Path:
    """A name for a new snapshot of a cluster, the component with that name."""
    return folder / time.strftime(f"%Y%m%dT%H%M%SZ-{cluster}.snap", time.gmtime())


def newest(folder: Path, cluster: str) -> Path | None:
    """The newest snapshot of a cluster in this folder, if there is one."""
    # The name begins with the time, so the last one in alphabetical order is the newest.
    found = sorted(file for file in folder.glob("*.snap") if file.stem.partition("-")[2] == cluster)
    return found[-1] if found else None


def save(addresses: Sequence[str], connection: Connection, file: Path) -> str:
    """Write a consistent snapshot, made by the leader, to `file`: all of it or nothing. Returns its SHA-256.

    Raises OSError, RefusedError, DamagedError, and UnreachableError, also if the transfer is interrupted.
    """
    digest = hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    try:
        answer = Consul(addresses, connection).request("GET", PATH, attempt_timeout=TIMEOUT, stream=True)
        with answer, part.open("wb") as written:
            for piece in answer.iter_content(CHUNK):
                written.write(piece)
                digest.update(piece)
        # The server that answers forwards what the leader sends, and reports no error if that ends early.
        check(part)
        part.rename(file)
    except requests.RequestException as error:
        raise UnreachableError(answers.silence(api.agent(answer), error)) from error
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()


def check(file: Path) -> None:
    """Compare the digests in a snapshot with its content (consul, snapshot/archive.go).

    Raises DamagedError: Consul would read the file for a minute and then answer 500.
    """
    found, told = {}, []
    try:
        with gzip.open(file) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content and member.name == "SHA256SUMS":
                    told = content.read().decode().split()
                elif content:
                    found[member.name] = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
            # Only at its end is the sum of the whole compared.
            while plain.read(CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise DamagedError(f"{file} is not a complete snapshot ({error}): take another one") from error
    if not found or found != dict(zip(told[1::2], told[::2], strict=True)):
        raise DamagedError(f"{file} is not a complete snapshot (its digests differ from its content): take another one")


def restore(addresses: Sequence[str], connection: Connection, file: Path) -> None:
    """Replace everything that the cluster stores by the content of `file`. Raises the same."""
    check(file)
    with file.open("rb") as taken:
        Consul(addresses, connection, timeout=60).request("PUT", PATH, body=taken, attempt_timeout=TIMEOUT)

"""Snapshots as Consul writes them: a compressed archive with the digests of its files."""

import hashlib
import io
import tarfile


def snapshot(state: bytes = b"state", *, digest_of: bytes | None = None) -> bytes:
    """A snapshot with this state; `digest_of` is what its recorded digest belongs to, if not to the state."""
    files = {"meta.json": b"{}", "state.bin": state}
    told = files | ({} if digest_of is None else {"state.bin": digest_of})
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in told.items())
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as written:
        for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            written.addfile(member, io.BytesIO(content))
    return archive.getvalue()

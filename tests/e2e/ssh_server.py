"""An SSH server of the tests' own, which runs the commands that it is sent on this machine."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

WAIT = 10.0
"""Seconds for the server to listen."""


@dataclass(frozen=True)
class SshServer:
    """A server that listens on the loopback address."""

    port: int
    options: list[str]
    """The options of an `ssh` that signs in, and knows the key of the server."""
    commands: list[str]
    """What it was asked to run."""


@contextmanager
def running(folder: Path) -> Iterator[SshServer]:
    """A server; `folder` gets the keys of both sides."""
    host_key, own_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    own_key.write_private_key(folder / "key")
    (folder / "key").chmod(0o600)
    (folder / "authorized").write_bytes(own_key.export_public_key())
    commands: list[str] = []
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        commands.append(process.command or "")
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_shell(process.command or "true", stdin=pipe, stdout=pipe, stderr=pipe)
        await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
        process.exit(await child.wait())

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=str(folder / "authorized"),
            process_factory=run,
            encoding=None,
        )

    async def close(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()
        # An `ssh` that others share keeps its connection.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(WAIT)
    port = acceptor.get_port()
    public = host_key.export_public_key().decode()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    words = ["-F", "none", "-i", str(folder / "key"), "-o", f"UserKnownHostsFile={folder / 'known_hosts'}"]
    try:
        yield SshServer(port, words, commands)
    finally:
        asyncio.run_coroutine_threadsafe(close(acceptor), loop).result(WAIT)
        loop.call_soon_threadsafe(loop.stop)

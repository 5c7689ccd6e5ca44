"""An SSH server of the tests' own, which runs the commands that it is sent on this machine."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

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


class _AsSshd(asyncssh.SSHServer):
    """Refuses what sshd refuses: too many connections that are signing in, and too many sessions in one."""

    signing_in: ClassVar[int] = 0

    def __init__(self, startups: int, sessions: int, run: Any) -> None:
        self._startups, self._sessions, self._run = startups, sessions, run
        self._open = 0
        self._signed_in = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        _AsSshd.signing_in += 1
        if _AsSshd.signing_in > self._startups:
            conn.abort()

    def auth_completed(self) -> None:
        _AsSshd.signing_in -= 1
        self._signed_in = True

    def connection_lost(self, exc: Exception | None) -> None:
        _AsSshd.signing_in -= not self._signed_in

    def session_requested(self) -> Any:
        if self._open >= self._sessions:
            return False
        self._open += 1
        process: asyncssh.SSHServerProcess[bytes] = asyncssh.SSHServerProcess(self._counted, None, 3, False)
        return self._connection.create_server_channel(encoding=None), process

    async def _counted(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        try:
            await self._run(process)
        finally:
            self._open -= 1


async def _copy(source: Any, target: Any) -> None:
    with suppress(OSError):
        while data := await source.read(64 * 1024):
            target.write(data)
            await target.drain()


async def _input(source: Any, target: Any) -> None:
    await _copy(source, target)
    target.close()


@contextmanager
def running(folder: Path, startups: int = 100, sessions: int = 100) -> Iterator[SshServer]:
    """A server; `folder` gets the keys of both sides.

    It drops connections while more than `startups` sign in (`MaxStartups` of sshd_config, 10 as it comes), and refuses
    more than `sessions` in one connection (`MaxSessions`, 10).
    """
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
        # `redirect` raises where a client left, which ends the connection and all other sessions in it.
        forward = asyncio.ensure_future(_input(process.stdin, child.stdin))
        await asyncio.gather(_copy(child.stdout, process.stdout), _copy(child.stderr, process.stderr))
        status = await child.wait()
        forward.cancel()
        if not process.channel.is_closing():
            process.exit(status)

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _AsSshd(startups, sessions, run),
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            authorized_client_keys=str(folder / "authorized"),
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

"""Reads from an API server with a client certificate, without kubectl."""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from tools.found import SetupError
from tools.kubernetes.control_plane.certificates import Pair


class Api:
    """One API server and one client certificate."""

    def __init__(self, server: str, authority: Path, client: Pair) -> None:
        """``server`` is a URL. The files are read now."""
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(client.certificate, client.key)
        self.server = server
        self.opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def read(self, path: str, timeout: float = 10) -> bytes | None:
        """The content at that path, or None if there is none or no answer."""
        try:
            with self.opener.open(f"{self.server}{path}", timeout=timeout) as answer:
                content: bytes = answer.read()
                return content
        except (OSError, http.client.HTTPException):
            return None

    def ready(self) -> bool:
        """Whether the server says that it is ready."""
        return self.read("/readyz", timeout=2) == b"ok"

    def get(self, path: str) -> Any:
        """The object at that path, or None."""
        content = self.read(path)
        return None if content is None else json.loads(content)


def wait(what: str, holds: Callable[[], object], within: float, advice: str, ended: Callable[[], str | None]) -> None:
    """Waits until ``holds`` is true. ``ended`` returns the reason if that can no longer happen."""
    deadline = time.monotonic() + within
    while not holds():
        if reason := ended():
            raise SetupError(f"{what}: {reason}; {advice}.")
        if time.monotonic() > deadline:
            raise SetupError(f"{what}: not within {within:.0f} s; {advice}.")
        time.sleep(0.1)

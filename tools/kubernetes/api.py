"""Questions to an API server, with a client certificate, without kubectl."""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toolchain.errors import SetupError
from toolchain.kubernetes.certificates import Pair


class Api:
    """One API server as seen by one client."""

    def __init__(self, server: str, authority: Path, client: Pair) -> None:
        """``server`` is its URL; the files are read now."""
        self.address = urlsplit(server)
        self.context = ssl.create_default_context(cafile=str(authority))
        self.context.load_cert_chain(client.certificate, client.key)

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 10) -> tuple[int, Any]:
        """The status and the decoded answer; text that is no JSON comes as text. Raises OSError if none comes."""
        assert self.address.hostname
        link = http.client.HTTPSConnection(
            self.address.hostname, self.address.port, timeout=timeout, context=self.context
        )
        kind = "application/apply-patch+yaml" if method == "PATCH" else "application/json"
        try:
            link.request(method, path, None if body is None else json.dumps(body), {"Content-Type": kind})
            answer = link.getresponse()
            text = answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            link.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def ready(self) -> bool:
        """Whether the server says that it is."""
        try:
            return self.ask("GET", "/readyz", timeout=2)[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> Any:
        """What lies there, or None."""
        status, found = self.ask("GET", path)
        return found if status == 200 else None

    def applied(self, path: str, manifest: Any) -> bool:
        """Makes an object be as described, whoever described it before; False if it is too early for that."""
        status, answer = self.ask("PATCH", f"{path}?fieldManager=consul-on-pulumi&force=true", manifest)
        if status in (404, 429) or status >= 500:
            return False
        if status not in (200, 201):
            raise SetupError(f"the API server refused {path}: {answer}")
        return True


def wait(what: str, holds: Callable[[], object], within: float, advice: str, ended: Callable[[], str | None]) -> None:
    """Waits until something holds; ``ended`` says why it no longer can."""
    deadline = time.monotonic() + within
    while not holds():
        if reason := ended():
            raise SetupError(f"{what}: {reason}; {advice}.")
        if time.monotonic() > deadline:
            raise SetupError(f"{what}: not within {within:.0f} s; {advice}.")
        time.sleep(0.1)

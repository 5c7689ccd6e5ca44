"""A headless browser, controlled through its driver (W3C WebDriver)."""

import base64
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

import tools.browser
from tests.e2e.waiting import eventually

DRIVER = shutil.which(tools.browser.DRIVER)
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --window-size=1280,900"
).split()


class Page:
    """An open page."""

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        self._post("/url", {"url": url})

    def text(self) -> str:
        """The visible text."""
        script = "return document.body.innerText"
        return str(self._post("/execute/sync", {"script": script, "args": []}))

    def picture(self, file: Path) -> None:
        answer = requests.get(f"{self._session}/screenshot", timeout=30).json()
        file.write_bytes(base64.b64decode(answer["value"]))

    def _post(self, path: str, what: dict[str, Any]) -> Any:
        answer = requests.post(f"{self._session}{path}", json=what, timeout=60)
        answer.raise_for_status()
        return answer.json()["value"]


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with a new profile, closed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        eventually("the driver", lambda: requests.get(f"{base}/status", timeout=2).json()["value"]["ready"], bool)
        wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": OPTIONS}, "pageLoadStrategy": "eager"}}
        made = requests.post(f"{base}/session", json={"capabilities": wanted}, timeout=60).json()["value"]
        session = f"{base}/session/{made['sessionId']}"
        yield Page(session)
        requests.delete(session, timeout=30)
    finally:
        driver.terminate()
        driver.wait()

"""The UI in a real browser shows what the cluster has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.waiting import eventually

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1280,900"
).split()

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed (Debian: apt-get install chromium)"),
]


def browse(url: str, profile: Path, *what: str, patience: int = 9) -> str:
    """One visit with a new profile; the page polls for ever, so the browser is told when to look."""
    command = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={profile}", f"--timeout={patience}000", *what, url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("page", ["nodes", "kv"])
def test_the_ui_shows_every_node_and_the_seeded_keys(calm: Cluster, tmp_path: Path, page: str) -> None:
    wanted = calm.nodes if page == "nodes" else ["app/", "motd"]
    url = f"{calm.outputs['ui_urls'][0]}{calm.outputs['datacenter']}/{page}"
    visits = iter(range(10))

    def shown() -> list[str]:
        dom = browse(url, tmp_path / str(next(visits)), "--dump-dom")
        return [word for word in wanted if word in dom]

    # A busy machine may not have drawn the page when the browser looks.
    eventually(f"{wanted} at {url}", shown, wanted.__eq__, within=45)
    picture = tmp_path / f"{page}.png"
    browse(url, tmp_path / "picture", f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")

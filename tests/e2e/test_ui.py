"""The UI in a real browser shows the nodes and keys of the cluster."""

from pathlib import Path

import pytest

from tests.e2e import browser
from tests.e2e.cluster import Cluster
from tests.e2e.waiting import eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(browser.DRIVER is None, reason="no browser, see tools/browser.py"),
]


@pytest.mark.parametrize("page", ["nodes", "kv"])
def test_the_ui_shows_every_node_and_the_seeded_keys(calm: Cluster, tmp_path: Path, page: str) -> None:
    wanted = calm.nodes if page == "nodes" else ["app", "motd"]
    picture = tmp_path / f"{page}.png"

    with browser.browser() as shown:
        shown.open(f"{calm.outputs['ui_urls'][0]}{calm.outputs['datacenter']}/{page}")
        eventually(f"{wanted} on the page {page}", shown.text, lambda text: all(word in text for word in wanted))
        shown.picture(picture)

    assert picture.read_bytes().startswith(b"\x89PNG")

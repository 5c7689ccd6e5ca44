"""docs/probes.md: what strangers try, and what stops them."""

import re
from collections.abc import Iterator

from tests.probes.probe import Outcome
from tools import places

FILE = places.ROOT / "docs" / "probes.md"
HEAD = """\
# Probes

What strangers tried on new clusters with the default [`security`](security.md), and on open ones (`enabled: false`).
`make probe` runs all of it on both platforms and writes this page. Where the last column is empty, an open cluster
withstands it too, or has nothing to find. In the test cluster of Kubernetes kube-router enforces the NetworkPolicies.
They stop most of what a pod of another namespace tries, so the probes of the network ran beside a policy that lets
everybody in: what the policies stop is stopped behind them, too.
"""
TITLES = {"docker": "Docker", "kubernetes": "Kubernetes"}


def write(platform: str, closed: Outcome, opened: Outcome) -> None:
    """Write the part of the page about one platform, and leave the other one."""
    before = FILE.read_text() if FILE.exists() else ""
    parts = {part.partition("\n")[0]: part.strip() for part in re.split(r"^## ", before, flags=re.MULTILINE)[1:]}
    parts[TITLES[platform]] = "\n".join(_lines(TITLES[platform], closed, opened)).strip()
    sections = [f"## {parts[title]}\n" for title in TITLES.values() if title in parts]
    FILE.write_text("\n".join([HEAD, *sections]))


def _lines(title: str, closed: Outcome, opened: Outcome) -> Iterator[str]:
    yield f"{title}\n"
    yield (
        f"Withstood: **{closed.withstood} of {len(closed.probes)}**, and with `enabled: false` "
        f"{opened.withstood} of {len(opened.probes)}.\n"
    )
    yield "| who | tries | what stops it | if open |"
    yield "|---|---|---|---|"
    for probe in closed.probes:
        stops = f"**nothing**: {probe.left}" if probe.tries in closed.succeeded else probe.stops
        yield f"| {probe.who} | {probe.tries} | {stops} | {'succeeds' if probe.tries in opened.succeeded else ''} |"

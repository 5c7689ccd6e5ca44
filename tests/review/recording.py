"""Records the previews on the real engine: `python -m tests.review.recording`. Read the diff before you commit it.

With names of programs (programs.py) only these are recorded.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.events import parse

from tests.e2e.cluster import PROJECT, stood_up
from tests.review import programs
from tests.review.changes import CHANGES, EVENTS, GOLDEN, SETTINGS, STACK, STACK_FILE, changed, prepare, review
from tests.review.scrubbing import scrubbed
from tools import environment


def main() -> None:
    """Write one file of events and one comment for each change."""
    os.environ |= environment.variables(environment.tools(), os.environ)
    EVENTS.mkdir(exist_ok=True)
    GOLDEN.mkdir(exist_ok=True)
    for name, lines in programs.all_recorded(sys.argv[1:] or programs.RECORDINGS):
        write(name, lines)
    if sys.argv[1:]:
        return
    with tempfile.TemporaryDirectory() as folder, stood_up(Path(folder), STACK_FILE, SETTINGS) as cluster:
        prepare(cluster)
        cluster.up()
        cluster.whole()
        for name, edit in CHANGES.items():
            log, began = Path(folder) / "log", time.monotonic()
            with changed(cluster, edit):
                done = review(cluster, log)
            write(name, log.read_text().splitlines())
            print(f"{name}: exit {done.returncode}, {time.monotonic() - began:.1f} s", flush=True)


def write(name: str, log: list[str]) -> None:
    """Write one recording, and the comment on it."""
    lines = scrubbed(log)
    (EVENTS / f"{name}.json").write_text("\n".join(lines) + "\n")
    (GOLDEN / f"{name}.md").write_text(comment(parse(lines), STACK, project=PROJECT))


if __name__ == "__main__":
    main()

"""`make chaos`: the full reliability suite. Prints a line for each scenario; exits with 1 if a target is missed.

A run that was cut off goes on where it ended, unless the package changed: what reached its target is not run again.
`python -m tests.chaos TITLE` runs the scenario with this title, or all whose titles begin with it, and writes them into
the same log.
"""

import os
import sys
import time

from tests.chaos import on_docker, on_kubernetes, record
from tests.chaos.record import Entry
from tools import environment

SCENARIOS = on_docker.SCENARIOS | on_kubernetes.SCENARIOS


def main(chosen: list[str]) -> int:
    """Every scenario whose title is or begins with one of `chosen`, or all."""
    os.environ.update(environment.variables(environment.tools(), os.environ))
    starts = tuple(word for word in chosen if word not in SCENARIOS)
    titles = [title for title in SCENARIOS if not chosen or title in chosen or title.startswith(starts)]
    if not titles:
        print("no such scenario, there are:", *SCENARIOS, sep="\n  ")
        return 1
    log = record.file()
    done = {} if chosen else record.reached(log)
    print(f"{record.now()}: {record.machine()}", flush=True)
    missed = 0
    for title in titles:
        entry, good = (done[title], True) if title in done else _run(title)
        missed += not good
        kind = "ok    " if good else "MISSED"
        print(f"{kind} {entry['date']}, {entry['seconds']} s: {title}: {entry['text']}", flush=True)
        if good and title not in done:
            record.add(log, entry)
    print(f"{record.now()}: {len(titles) - missed} of {len(titles)} scenarios reached their targets", flush=True)
    if not chosen and not missed:
        log.rename(log.with_suffix(".done"))
    return 1 if missed else 0


def _run(title: str) -> tuple[Entry, bool]:
    began = time.monotonic()
    try:
        text, good = SCENARIOS[title]()
    except Exception as error:
        text, good = f"ended early: {error!r}", False
    return {"title": title, "text": text, "date": record.now(), "seconds": round(time.monotonic() - began)}, good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

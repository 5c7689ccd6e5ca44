"""`make chaos`: the full reliability suite. Prints a line for each scenario; exits with 1 if a target is missed.

A run that was cut off goes on where it ended, unless the package changed: what reached its target is not run again.
"""

import json
import os
import sys
from pathlib import Path

from tests.chaos import on_docker, on_kubernetes
from tools import environment, places
from tools.builds import cache

SCENARIOS = on_docker.SCENARIOS | on_kubernetes.SCENARIOS


def main(chosen: list[str]) -> int:
    """Every scenario whose title contains one of `chosen`, or all."""
    os.environ.update(environment.variables(environment.tools(), os.environ))
    titles = [title for title in SCENARIOS if not chosen or any(word in title for word in chosen)]
    log = _log()
    done = {} if chosen else _reached(log)
    missed = 0
    for title in titles:
        text, good = (done[title], True) if title in done else _run(title)
        missed += not good
        print(f"{'ok    ' if good else 'MISSED'} {title}: {text}", flush=True)
        if good and title not in done:
            with log.open("a") as file:
                file.write(json.dumps([title, text]) + "\n")
    if not chosen and not missed:
        log.unlink(missing_ok=True)
    return 1 if missed else 0


def _run(title: str) -> on_kubernetes.Outcome:
    try:
        return SCENARIOS[title]()
    except Exception as error:
        return f"ended early: {error!r}", False


def _log() -> Path:
    folder = places.state() / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{cache.digest(places.ROOT / 'components', '*.py')}.jsonl"


def _reached(log: Path) -> dict[str, str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return dict(json.loads(line) for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

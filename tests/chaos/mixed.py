"""Mixed operations during random faults: what the clients saw must be linearizable, what was acknowledged be stored."""

from collections.abc import Callable

from tests.chaos import history
from tests.chaos.record import Outcome
from tests.e2e import consul

OPERATIONS = 2000
CLIENTS = 5
SEEDS = range(1, 11)


def outcome(bases: Callable[[], list[str]], disturb: Callable[[], None], seed: int) -> Outcome:
    """Reads, writes and compare-and-set of a few keys at the servers that `bases` returns at that moment, while
    `disturb` is called again and again. A history that is not linearizable stays as a file."""
    faults = 0

    def counted() -> None:
        nonlocal faults
        disturb()
        faults += 1

    done = history.make(bases, f"mixed{seed}", OPERATIONS, CLIENTS, counted, seed)
    final = {entry["Key"] for entry in consul.ask(bases()[0], f"/v1/kv/mixed{seed}?recurse&consistent")}
    written = {step["Key"] for step in done if step["Kind"] != "read" and not step.get("Unknown")}
    good = history.linearizable(done)
    unknown = sum(bool(step.get("Unknown")) for step in done)
    text = (
        f"{len(done)} operations, {faults} faults, {unknown} without an answer, linearizable: {good}, "
        f"{len(written - final)} keys lost"
    )
    if not good:
        text += f", history in {history.keep(done, seed)}"
    return text, good and not written - final and unknown < len(done) / 10

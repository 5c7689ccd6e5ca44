"""`make profile`: where the seconds of an `up` and of a preview without a change go, from the log of Pulumi's engine.

A scratch cluster is created, previewed and destroyed. The log slows the engine a little.
"""

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import yaml

from tests.bench.on_docker import NAME
from tests.bench.project import STACK, ours
from tests.e2e import engine
from tools import places

LOG = ("--logtostderr", "--logflow", "-v=9")
MARKS = {
    "the language host asks for the packages": r"GetRequired(Plugins|Packages)\(.*executing",
    "the program starts": r"langhost\[\w+\]\.Run\(.*executing",
    "the program registers its stack": r"RegisterResource received: t=pulumi:pulumi:Stack,",
    "the dynamic provider answers": r"Provider\[\w+\]\.Configure\(\) executing",
    "the last registration": r"ResourceMonitor\.RegisterResource operation finished",
    "the program ends": r"langhost\[\w+\]\.Run\(.*success",
}
"""What is logged at the first time, for the last registration at the last."""
CALL = re.compile(r"(Provider\[\w+\]\.(Check|Diff|Create|Update|Delete)\(([^,)]+)[^)]*\)):? (executing|success)")


def main() -> None:
    """Print one table for each operation."""
    dev = yaml.safe_load((places.ROOT / "Pulumi.dev.yaml").read_text())["config"]["consul-on-pulumi:cluster"]
    settings = dev | {"name": NAME, "platform": {"docker": {"subnet": engine.free_subnet()}}}
    with tempfile.TemporaryDirectory(prefix="consul-profile-") as folder:
        project = ours(Path(folder) / "ours", settings)
        try:
            for words in (("up", "--yes", "--skip-preview"), ("preview",), ("destroy", "--yes", "--skip-preview")):
                log = project.pulumi(*words, "--stack", STACK, *LOG)
                print("\n".join([f"pulumi {' '.join(words)}:", *table(log), ""]))
        finally:
            engine.clear(NAME)


def table(log: str) -> Iterator[str]:
    """When each mark was reached, then the calls of providers by kind of resource: count, sum and longest."""
    started: dict[str, float] = {}
    calls: dict[str, list[float]] = defaultdict(list)
    reached: dict[str, float] = {}
    first = last = 0.0
    for line in log.splitlines():
        if not line.startswith('{"time"'):
            continue
        event = json.loads(line)
        last = datetime.fromisoformat(event["time"][:26].rstrip("Z")).timestamp()
        first = first or last
        for mark, pattern in MARKS.items():
            if (mark not in reached or mark == "the last registration") and re.search(pattern, event["msg"]):
                reached[mark] = last - first
        if call := CALL.search(event["msg"]):
            if call[4] == "executing":
                started[call[1]] = last
            elif call[1] in started:
                kind = call[3].rpartition("$")[2].partition("::")[0].rpartition(":")[2]
                calls[f"{call[2]} {kind}"].append(last - started.pop(call[1]))
    for mark, at in sorted(reached.items(), key=lambda one: one[1]):
        yield f"  {at:6.2f} s  {mark}"
    yield f"  {last - first:6.2f} s  the end"
    for call_, seconds in sorted(calls.items(), key=lambda one: -sum(one[1])):
        yield f"  {sum(seconds):6.2f} s  in {len(seconds):>3} calls, at most {max(seconds):.2f} s: {call_}"


if __name__ == "__main__":
    main()

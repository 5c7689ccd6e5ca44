"""The table of what Consul's releases read and store, made from their sources: `make consul-formats`."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from tools import places, progress, versions
from tools.builds import go
from tools.found import SetupError

TABLE = places.ROOT / "components" / "consul_on_pulumi" / "releases" / "formats.json"
READER = go.Program("consul-formats", "1", "2 s")
MODULE = "github.com/hashicorp/consul"
Formats = dict[str, Any]


def write(added: Sequence[str]) -> int:
    """Makes the table of the releases that it has already and of the `added` ones, such as `1.22.8`."""
    known = json.loads(TABLE.read_text(encoding="utf-8"))["releases"] if TABLE.exists() else []
    releases = sorted({*known, *added}, key=versions.numbers)
    TABLE.write_text(text(merged({release: read(release) for release in releases})), encoding="utf-8")
    progress.say(f"wrote {TABLE.relative_to(places.ROOT)}: Consul {', '.join(releases)}")
    return 0


def read(release: str) -> Formats:
    """What one release reads, from its Go module, which is downloaded if it is not in Go's cache."""
    env = {**os.environ, **go.SETTINGS}
    command = [go.go(), "mod", "download", "-json", f"{MODULE}@v{release}"]
    answer = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    module = json.loads(answer.stdout)
    if "Error" in module:
        raise SetupError(f"{module['Error'].splitlines()[0]}; name a release that the Go module proxy has.")
    command = [str(READER.path()), module["Dir"]]
    found: Formats = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def merged(by_release: Mapping[str, Formats]) -> Formats:
    """One table of all releases, the oldest first: everything that any of them has, and what not all of them have."""
    table: Formats = {name: {} for name in ("types", "since", "until", "successors", "messages")}
    keys: dict[str, str] = {}
    before: dict[str, str] | None = None
    messages: dict[str, int] = {}
    for release, found in by_release.items():
        now = {f"{name}.{key}": value for name, fields in found["types"].items() for key, value in fields.items()}
        if changed := [key for key in keys.keys() & now.keys() if keys[key] != now[key]]:
            raise SetupError(f"Consul {release} reads other values of {', '.join(sorted(changed))}: extend the table.")
        if before is not None:
            table["since"] |= dict.fromkeys(sorted(now.keys() - keys.keys()), release)
            table["until"] |= dict.fromkeys(sorted(before.keys() - now.keys()), release)
            new = {name: number for name, number in found["messages"].items() if name not in messages}
            table["messages"] |= {name: {"number": number, "since": release} for name, number in sorted(new.items())}
        messages, before = found["messages"], now
        keys |= now
        table["successors"] |= found["successors"]
        for name, fields in found["types"].items():
            table["types"].setdefault(name, {}).update(fields)
    return {"releases": list(by_release), **table}


def text(table: Formats) -> str:
    """The table as JSON, with one line for each map of keys, so that a difference is readable."""

    def lines(entries: Mapping[str, Any]) -> str:
        rows = [f"  {json.dumps(name)}: {json.dumps(value, sort_keys=True)}" for name, value in sorted(entries.items())]
        return "{\n" + ",\n".join(rows) + "\n }" if rows else "{}"

    parts = [f' "releases": {json.dumps(table["releases"])}']
    parts += [f" {json.dumps(name)}: {lines(value)}" for name, value in table.items() if name != "releases"]
    return "{\n" + ",\n".join(parts) + "\n}\n"

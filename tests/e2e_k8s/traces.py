"""What a cluster of plain processes leaves on the machine."""

import subprocess
from pathlib import Path

from tools.kubernetes import cgroups, layout, network


def left() -> list[str]:
    """Everything of a cluster that still exists, as text."""
    found = [f"{tree / layout.NAME}" for tree in cgroups.hierarchies() if (tree / layout.NAME).exists()]
    found += [f"interface {path.name}" for path in Path("/sys/class/net").glob(f"{layout.BRIDGE}*")]
    found += [f"network namespace {path.name}" for path in Path("/run/netns").glob(f"{layout.BRIDGE}*")]
    found += [f"folder {layout.folder()}"] if layout.folder().exists() else []
    found += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if str(layout.folder()) in line]
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout.splitlines()
    found += [f"rule {rule}" for rule in rules if network.CHAIN in rule]
    return found + [f"process {name}" for name in sorted(running_in(layout.folder()))]


def running_in(folder: Path) -> set[str]:
    """The names of all processes whose command line contains the folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(str(folder) in word for word in words[1:]):
            found.add(Path(words[0]).name)
    return found

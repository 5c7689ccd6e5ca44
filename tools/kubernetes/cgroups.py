"""The control groups of nodes, in both versions that Linux has."""

import time
from pathlib import Path

LEAVING = 5.0
ROOT = Path("/sys/fs/cgroup")
# What a group of processors and memory must have before a process may join it, in version 1.
INHERITED = ("cpuset.cpus", "cpuset.mems")


def hierarchies() -> list[Path]:
    """The trees: one in version 2; in version 1 one for each controller, and maybe version 2 beside them."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in sorted(ROOT.iterdir()) if path.is_dir()]


def make(name: str) -> None:
    """Makes a group with all controllers in every tree; ``name`` is a path like ``a/b``."""
    for tree in hierarchies():
        parent = tree
        for part in name.split("/"):
            if (tree / "cgroup.controllers").exists():
                delegate(parent)
            child = parent / part
            child.mkdir(exist_ok=True)
            for file in INHERITED:
                if (child / file).exists() and not (child / file).read_text().strip():
                    (child / file).write_text((parent / file).read_text())
            parent = child


def delegate(group: Path) -> None:
    """Lets the children of a group have its controllers, in version 2."""
    for controller in (group / "cgroup.controllers").read_text().split():
        try:
            (group / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            # A controller that the kernel gives to nobody here; the kubelet names those that it cannot do without.
            continue


def remove(name: str) -> None:
    """Removes a group and all below it from every tree; they must be empty of processes."""
    for tree in hierarchies():
        top = tree / name
        if not top.is_dir():
            continue
        for group in (*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top):
            remove_one(group)


def remove_one(group: Path) -> None:
    """Removes an empty group; its last process may still be on its way out."""
    deadline = time.monotonic() + LEAVING
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

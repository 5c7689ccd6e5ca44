"""The control groups of nodes, for cgroup version 1 and 2."""

import time
from pathlib import Path

LEAVING = 5.0
ROOT = Path("/sys/fs/cgroup")
# In version 1 a process cannot join a cpuset group in which these are empty.
INHERITED = ("cpuset.cpus", "cpuset.mems")


def hierarchies() -> list[Path]:
    """The cgroup trees: one in version 2, one for each controller in version 1."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in sorted(ROOT.iterdir()) if path.is_dir()]


def make(name: str) -> None:
    """Makes a group in every tree, with all controllers; ``name`` is a path like ``a/b``."""
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
    """Enables all controllers for the children of a group, in version 2."""
    for controller in (group / "cgroup.controllers").read_text().split():
        try:
            (group / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            # Some controllers cannot be enabled here. The kubelet reports the ones that it needs.
            continue


def remove(name: str) -> None:
    """Removes a group and its children from every tree. They must have no processes."""
    for tree in hierarchies():
        top = tree / name
        if not top.is_dir():
            continue
        for group in (*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top):
            remove_one(group)


def remove_one(group: Path) -> None:
    """Removes one group. Its last process may take a moment to end."""
    deadline = time.monotonic() + LEAVING
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

"""What a setting may be, in the words with which the program refuses something else."""

import re
from typing import Any, get_origin

from components.refusals import cluster_problems

NONSENSE = "✗"
"""Wrong wherever text is checked at all."""
WRONG: dict[Any, Any] = {str: NONSENSE, int: -1, list: [NONSENSE], dict: {NONSENSE: NONSENSE}}
BESIDE: dict[str, dict[str, Any]] = {"node_port": {"type": "NodePort"}, "source_ranges": {"type": "LoadBalancer"}}
"""What a setting needs beside it in order to be looked at."""
GROUND: dict[str, Any] = {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}}


def allowed(path: str, kind: Any) -> str:
    """What the setting at `path`, such as `cluster.servers`, is expected to be; nothing where all is taken."""
    wrong = WRONG.get(get_origin(kind) or kind)
    if wrong is None:
        return ""
    said = re.compile(rf"{re.escape(path)}(\[0\]|\.{NONSENSE})?: expected (?P<words>.*), got ")
    found = [
        match["words"] for problem in cluster_problems(_with(path, wrong), "cluster") if (match := said.match(problem))
    ]
    return found[0] if found else ""


def _with(path: str, value: Any) -> dict[str, Any]:
    """The args of a cluster that are in order but for one."""
    _, *above, name = path.split(".")
    backend = "kubernetes" if "kubernetes" in above else "docker"
    args: dict[str, Any] = {"placement": {backend: dict(GROUND[backend])}}
    at = args
    for key in above:
        at = at.setdefault(key, {})
    at.update({**BESIDE.get(name, {}), name: value})
    return args

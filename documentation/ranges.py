"""What a setting may be, in the words with which the program refuses something else."""

import re
from collections.abc import Callable, Iterable
from typing import Any, get_origin

from components import refusals

NONSENSE = "✗"
"""Wrong wherever text is checked at all."""
WRONG: dict[Any, Any] = {str: NONSENSE, int: -1, list: [NONSENSE], dict: {NONSENSE: NONSENSE}}
BESIDE: dict[str, dict[str, Any]] = {"node_port": {"type": "NodePort"}, "source_ranges": {"type": "LoadBalancer"}}
"""What a setting needs beside it in order to be looked at."""
GROUND: dict[str, Any] = {"docker": {"subnet": "172.30.0.0/24"}, "kubernetes": {}}
REFUSING: dict[str, Callable[[dict[str, Any], str], Iterable[str]]] = {
    "cluster": refusals.cluster_problems,
    "ConsulServer": lambda args, path: refusals.server_problems(args, "dev", path),
    "ConsulClient": lambda args, path: refusals.client_problems(args, "dev", path),
}
"""What looks at the args under the first word of a path."""


def allowed(path: str, kind: Any) -> str:
    """What the setting at `path`, such as `cluster.servers`, is expected to be; nothing where all is taken."""
    root = path.partition(".")[0]
    wrong = WRONG.get(get_origin(kind) or kind)
    if wrong is None:
        return ""
    said = re.compile(rf"{re.escape(path)}(\[0\]|\.{NONSENSE})?: expected (?P<words>.*), got ")
    problems = REFUSING[root](_with(path, wrong), root)
    found = [match["words"] for problem in problems if (match := said.match(problem))]
    return found[0] if found else ""


def _with(path: str, value: Any) -> dict[str, Any]:
    """Args that are in order but for one."""
    _, *above, name = path.split(".")
    backend = "kubernetes" if "kubernetes" in above else "docker"
    args: dict[str, Any] = {"placement": {backend: dict(GROUND[backend])}}
    at = args
    for key in above:
        at = at.setdefault(key, {})
    at.update({**BESIDE.get(name, {}), name: value})
    return args

"""The annotation `pulumi.com/waitFor`: conditions of the user's own.

One expression or a JSON list of them, of the forms ``condition=NAME``, ``condition=NAME=STATUS``,
``jsonpath={.a.b}`` and ``jsonpath={.a.b}=VALUE``. Paths are plain keys and indexes.
"""

import json
import re
from typing import Any

from kubernetes_plugin.awaiting.verdict import READY, Verdict, waiting
from kubernetes_plugin.awaiting.workloads import condition
from kubernetes_plugin.objects import Object

WAIT_FOR = "pulumi.com/waitFor"
JSONPATH = re.compile(r"jsonpath=\{?\.?([^{}]+)\}?(?:=(.*))?$")
STEP = re.compile(r"\[(\d+)\]|\['([^']+)'\]|([^.\[\]]+)")


def expressions(text: str) -> list[str]:
    """The expressions of an annotation.

    Raises ``ValueError`` for what is none.
    """
    found = [text]
    if text.lstrip().startswith("["):
        found = json.loads(text)
    for expression in found:
        if not str(expression).startswith(("condition=", "jsonpath=")):
            raise ValueError(f'{WAIT_FOR}: expected a "jsonpath=" or "condition=" prefix, got {expression!r}')
    if not found:
        raise ValueError(f"{WAIT_FOR}: at least one condition must be specified")
    return found


def judge(text: str, obj: Object) -> Verdict:
    """Whether all that an annotation asks for is so."""
    open_ones = [expression for expression in expressions(text) if not _holds(expression, obj)]
    return waiting(f"Waiting for {', '.join(open_ones)}") if open_ones else READY


def _holds(expression: str, obj: Object) -> bool:
    if expression.startswith("condition="):
        name, _, status = expression.removeprefix("condition=").partition("=")
        said = (condition(obj, name) or {}).get("status", "")
        return bool(said.lower() == (status or "true").lower())
    match = JSONPATH.match(expression)
    if not match:
        raise ValueError(f"{WAIT_FOR}: cannot read {expression!r}")
    found = _at(obj, match.group(1))
    wanted = match.group(2)
    if found is None:
        return False
    return wanted is None or _text(found) == wanted


def _at(value: Any, path: str) -> Any:
    for index, quoted, name in STEP.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(quoted or name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

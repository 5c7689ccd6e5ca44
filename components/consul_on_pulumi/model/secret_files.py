"""Files for agents that nobody else may read: what they may be called, and what is wrong with one of them.

No message tells a content, nor a key that could be one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from consul_on_pulumi.model import agent_keys

DIRECTORY = "/consul/secrets"
"""Where every agent finds them, on every backend."""
READ = f"-config-dir={DIRECTORY}"
"""Lets an agent read those that end in `.json` or `.hcl` as configuration; the others have paths to be named by."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def problems(files: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with these files. What is no text is not known yet, and so is not looked at."""
    for name, text in files.items():
        at = f"{path}[{json.dumps(str(name))}]"
        if not _NAME.fullmatch(str(name)):
            yield f"{at}: expected a file name of letters, digits, dots, hyphens and underscores, the first no dot"
        elif isinstance(text, str):
            yield from (f"{at}: {fault}" for fault in faults(name, text))


def faults(name: str, text: str) -> Iterator[str]:
    """Why agents would not start with this file, or would no longer be what the program describes. HCL is not read."""
    if not text.strip():
        yield "is empty, leave it out"
    elif name.endswith(".json"):
        try:
            document = json.loads(text)
        except ValueError as error:
            # Only a decoding error says where, and it says nothing of what is there.
            where = f", line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            yield f"is no JSON{where}"
            return
        if isinstance(document, dict):
            yield from agent_keys.hidden_problems(document)
        else:
            yield "expected a map of agent configuration keys"

"""Secret files for agents: checks of their names and contents.

No message shows content, nor a key that could be content.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

DIRECTORY = "/consul/secrets"
"""The directory of the files in every container and pod."""
READ = f"-config-dir={DIRECTORY}"
"""Makes an agent read `.json` and `.hcl` files as configuration. Configuration can name the other files by path."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Check = Callable[[Mapping[str, Any], str], Iterable[str]]
"""Gives the problems of agent configuration with its path, and shows no value."""


def problems(files: Mapping[str, Any], path: str, check: Check) -> Iterator[str]:
    """The problems of these files. A content that is no text is an output that is not known yet; it is not checked."""
    for name, text in files.items():
        at = f"{path}[{json.dumps(str(name))}]"
        if not _NAME.fullmatch(str(name)):
            yield f"{at}: expected a file name of letters, digits, dots, hyphens and underscores, the first no dot"
        elif isinstance(text, str):
            yield from _content_problems(name, text, at, check)


def _content_problems(name: str, text: str, path: str, check: Check) -> Iterator[str]:
    """Why agents would not start with this file, or which keys the program sets itself. HCL files are not parsed."""
    if not text.strip():
        yield f"{path}: is empty, leave it out"
    elif name.endswith(".json"):
        try:
            document = json.loads(text)
        except ValueError as error:
            # A decoding error has the position, which shows no content.
            where = f", line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            yield f"{path}: is no JSON{where}"
            return
        if isinstance(document, dict):
            yield from check(document, path)
        else:
            yield f"{path}: expected a map of agent configuration keys"

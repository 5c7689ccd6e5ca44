"""What somebody probably meant by a misspelt word."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` with the nearest known word, or nothing when none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f", did you mean {near[0]}?" if near else ""

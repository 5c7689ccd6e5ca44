"""Suggestions for misspelt words."""

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean …?` with the most similar known word, or an empty text if none is similar."""
    similar = difflib.get_close_matches(word, sorted(known), n=1)
    return f", did you mean {similar[0]}?" if similar else ""

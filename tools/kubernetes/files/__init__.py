"""Configuration files with $names that are replaced."""

from pathlib import Path
from string import Template


def filled(file: str, **values: object) -> str:
    """The text of a file in this folder, with its $names replaced."""
    return Template((Path(__file__).parent / file).read_text()).substitute(values)

"""Every report of the page that showed a fault has a test that bears the letter of its row."""

import re

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "field-reports.md").read_text(encoding="utf-8")
TESTS = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
FAULTS = re.findall(r"^\| ([ABC]\d+) \|", PAGE, re.MULTILINE) + re.findall(r"^\| (D\d+) \|.*Fault", PAGE, re.MULTILINE)


def test_the_page_lists_all_reports() -> None:
    counts = {letter: sum(row.startswith(letter) for row in FAULTS) for letter in "ABCD"}

    assert counts == {"A": 6, "B": 11, "C": 15, "D": 9}


@pytest.mark.parametrize("row", FAULTS)
def test_a_report_has_a_test_named_after_it(row: str) -> None:
    assert re.search(rf"def test_(?:[a-z]\d+_)*{row.lower()}_", TESTS)

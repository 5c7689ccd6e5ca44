"""The pages link to each other, and every link has a target."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PACKAGE, PAGES, README, name


def text_of(page: Path) -> str:
    """A page without its code blocks, in which nothing is a link or a heading."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_has_a_target(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)) if "://" not in link]
    lost = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


def test_the_first_page_links_to_all_others() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+\.md)", text_of(README)))
    examples = {name(page) for page in PAGES if name(page).startswith("examples/")}

    assert linked - examples == {name(page) for page in PAGES if page not in (README, PACKAGE)} - examples
    assert "examples/README.md" in linked


def test_the_page_of_the_package_has_no_relative_links_since_an_index_shows_it_alone() -> None:
    assert [link for link in re.findall(r"\]\(([^)\s]+)\)", text_of(PACKAGE)) if "://" not in link] == []


def test_no_page_names_a_path_of_one_machine() -> None:
    assert [name(page) for page in PAGES if re.search(r"(/root|/home|/work)/", page.read_text())] == []

"""A run that was cut off goes on from its own log."""

from pathlib import Path

import pytest

from tests.chaos import __main__ as chaos
from tests.chaos.record import Outcome
from tools import environment


class Cut(BaseException):
    """The end of the machine."""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The titles of the scenarios that ran: the second cuts the run off, or misses its target, the first time."""
    titles: list[str] = []

    def one(title: str, first: BaseException | bool = True) -> Outcome:
        titles.append(title)
        if titles.count(title) == 1 and isinstance(first, BaseException):
            raise first
        return f"{title} was measured", first is not False or titles.count(title) > 1

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(environment, "variables", lambda *_: {})
    scenarios = {
        "first": lambda: one("first"),
        "second": lambda: one("second", Cut()),
        "third": lambda: one("third", first=False),
    }
    monkeypatch.setattr(chaos, "SCENARIOS", scenarios)
    return titles


def test_a_run_that_was_cut_off_goes_on_where_it_ended(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Cut):
        chaos.main([])
    assert ran == ["first", "second"]

    assert chaos.main([]) == 1
    assert ran == ["first", "second", "second", "third"]
    assert "MISSED" in capsys.readouterr().out

    assert chaos.main([]) == 0
    assert ran == ["first", "second", "second", "third", "third"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" s: ")[2] for line in lines[1:-1]] == [
        f"{title}: {title} was measured" for title in ("first", "second", "third")
    ]
    assert lines[-1].endswith("3 of 3 scenarios reached their targets")


def test_a_scenario_that_was_chosen_is_part_of_the_whole_run_and_a_whole_run_begins_anew(ran: list[str]) -> None:
    assert chaos.main(["first"]) == 0
    with pytest.raises(Cut):
        chaos.main([])
    assert chaos.main([]) == 1
    assert chaos.main([]) == 0
    assert ran == ["first", "second", "second", "third", "third"]

    assert chaos.main([]) == 0
    assert ran[5:] == ["first", "second", "third"]


def test_titles_choose_scenarios(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert chaos.main(["fir"]) == 0
    assert ran == ["first"]
    assert chaos.main(["nothing like that"]) == 1
    assert "no such scenario, there are:\n  first\n" in capsys.readouterr().out

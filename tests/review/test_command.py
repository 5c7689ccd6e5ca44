"""The exit codes of the command, on recorded previews."""

import pytest
from consul_on_pulumi.cli.review import main

from tests.review.recording import EVENTS, GOLDEN


@pytest.mark.parametrize(
    ("name", "allowed", "code"),
    [
        ("no-change", [], 0),
        ("scale-up", [], 0),
        ("scale-down", [], 3),
        ("scale-down", ["seed-loss", "network", "quorum"], 3),
        ("scale-down", ["data-loss"], 0),
        ("seed-set-removed", [], 3),
        ("seed-set-removed", ["seed-loss"], 0),
        ("invalid-file", [], 1),
        ("subnet", ["network"], 1),
    ],
)
def test_the_exit_code_tells_what_came_of_it(
    name: str, allowed: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for kind in allowed for word in ("--allow", kind)]

    assert main(["review", "--from", str(EVENTS / f"{name}.json"), *words]) == code

    out, last_warning = capsys.readouterr()
    if not allowed:
        assert out == (GOLDEN / f"{name}.md").read_text()
    assert ("not allowed" in last_warning) is (code == 3)


def test_an_unknown_kind_of_loss_cannot_be_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["review", "--from", "none", "--allow", "everything"])
    assert stopped.value.code == 2
    assert "data-loss" in capsys.readouterr().err


def test_a_file_that_is_no_event_log_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in ("not JSON", "[1]", None):
        log = tmp_path_factory.mktemp("log") / "events.json"
        if content is not None:
            log.write_text(content)

        assert main(["review", "--from", str(log)]) == 2

        out, last_warning = capsys.readouterr()
        assert out == ""
        assert last_warning.startswith(f"{log}: no event log: ")

"""The exit codes of `consul-on-pulumi review`, on recorded previews."""

import json
from pathlib import Path

import pytest
from consul_on_pulumi.cli.main import main

from tests.review.changes import EVENTS, GOLDEN


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
def test_the_exit_code_says_whether_the_change_may_be_applied(
    name: str, allowed: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for kind in allowed for word in ("--allow", kind)]

    assert main(["review", "--stack", "review", "--from", str(EVENTS / f"{name}.json"), *words]) == code

    out, err = capsys.readouterr()
    if not allowed:
        assert out == (GOLDEN / f"{name}.md").read_text()
    assert ("not allowed" in err) is (code == 3)


@pytest.mark.parametrize(
    ("name", "outputs", "code"),
    [("no-change", {"leader": "a"}, 4), ("no-change", {"leader": "b"}, 0), ("scale-up", {"leader": "a"}, 0)],
    ids=["nothing changes", "an output changes", "a resource changes"],
)
def test_a_detailed_exit_code_says_whether_an_update_has_anything_to_do(
    name: str, outputs: dict[str, str], code: int, tmp_path: Path
) -> None:
    stack = {"type": "pulumi:pulumi:Stack", "old": {"outputs": {"leader": "a"}}, "new": {"outputs": outputs}}
    log = tmp_path / "events.json"
    log.write_text((EVENTS / f"{name}.json").read_text() + json.dumps({"resOutputsEvent": {"metadata": stack}}) + "\n")

    assert main(["review", "--stack", "review", "--detailed-exitcode", "--from", str(log)]) == code


@pytest.mark.parametrize(
    ("file", "text", "marker"),
    [
        ("Pulumi.yaml", "name: shop\nruntime: python\n", "shop prod"),
        ("Pulumi.yml", "# ours\nname: 'shop'\n", "shop prod"),
        ("Pulumi.json", '{"name": "shop"}', "shop prod"),
        ("Pulumi.yaml", "name: [", "prod"),
        ("other.yaml", "name: shop", "prod"),
    ],
)
def test_a_preview_without_resources_has_the_project_of_the_folder(
    file: str,
    text: str,
    marker: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Restores the folder, which the command leaves.
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_text(text)
    (tmp_path / "below").mkdir()
    log = str(EVENTS / "invalid-file.json")

    main(["-C", str(tmp_path / "below"), "review", "--stack", "prod", "--from", log])

    assert capsys.readouterr().out.splitlines()[0] == f"<!-- consul preview of {marker} -->"


def test_an_unknown_kind_of_loss_cannot_be_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["review", "--stack", "review", "--from", "none", "--allow", "everything"])
    assert stopped.value.code == 2
    assert "data-loss" in capsys.readouterr().err


def test_without_pulumi_the_review_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match="pulumi: command not found, install Pulumi or add it to the PATH"):
        main(["review", "--stack", "dev"])


def test_a_file_that_is_not_an_event_log_is_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in ("not JSON", "[1]", None):
        log = tmp_path_factory.mktemp("log") / "events.json"
        if content is not None:
            log.write_text(content)

        assert main(["review", "--stack", "review", "--from", str(log)]) == 2

        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"{log}: not an event log: ")

"""The command line: what it offers, and that help and version need nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import consul_on_pulumi
import pytest
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.version import __version__

COMMANDS = ("review", "snapshot", "restore", "recover", "env", "certificates", "retained-data", "comment", "schema")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [command for command in COMMANDS if f"    {command} " not in shown] == []


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])

    assert capsys.readouterr().out == f"{__version__}\n"


def test_a_command_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["revue"])

    assert ended.value.code == 2


def test_a_folder_that_does_not_exist_is_refused_in_one_sentence() -> None:
    with pytest.raises(SystemExit, match=r"--cwd: .*no-such-folder"):
        main(["--cwd", "no-such-folder", "schema"])


def test_a_comment_outside_of_a_workflow_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "comment.md").write_text("text")
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)

    with pytest.raises(SystemExit, match="the comment was not published: 'GITHUB_REPOSITORY'"):
        main(["comment", str(tmp_path / "comment.md")])


@pytest.mark.parametrize(
    ("written", "number", "why"),
    [
        (b"text", "", "PULL_REQUEST: expected the number of a pull request, got '': a push has none"),
        (b"text", "refs/pull/7", "PULL_REQUEST: expected the number of a pull request, got 'refs/pull/7'"),
        (b"\xff\xfe", "7", "comment.md is not UTF-8: give a file that `review` wrote"),
    ],
    ids=["push", "no number", "UTF-16"],
)
def test_a_comment_that_nobody_can_publish_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes, number: str, why: str
) -> None:
    (tmp_path / "comment.md").write_bytes(written)
    for name, value in {"GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t", "PULL_REQUEST": number}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as ended:
        main(["comment", str(tmp_path / "comment.md")])

    assert str(ended.value.code).startswith("the comment was not published: ")
    assert why in str(ended.value.code)


def test_a_comment_is_read_from_the_folder_that_the_command_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from consul_on_pulumi.review import publish

    (tmp_path / "comment.md").write_text("text")
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setattr(publish, "publish", lambda text, env: f"published {text}")

    assert main(["--cwd", str(tmp_path), "comment", "comment.md"]) == 0
    assert capsys.readouterr().out == "published text\n"


def test_help_imports_neither_providers_nor_platforms() -> None:
    code = (
        "import sys; from consul_on_pulumi.cli import main\n"
        "before = set(sys.modules)\n"
        "try: main.main(['--help'])\n"
        "except SystemExit: pass\n"
        "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    env = os.environ | {"PYTHONPATH": str(Path(consul_on_pulumi.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)

    loaded = json.loads(done.stdout.splitlines()[-1])
    assert [name for name in loaded if name.startswith(("consul_on_pulumi", "pulumi", "docker", "kubernetes"))] == []


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("consul_on_pulumi.settings.json_schema")

    assert main(["schema"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)

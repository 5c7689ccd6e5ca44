import os
from pathlib import Path

import pytest
from consul_on_pulumi.seeds import program_files
from consul_on_pulumi.seeds.program_files import PathError


def walked(folder: Path, root: Path) -> list[str]:
    return [
        str(path) if isinstance(path, PathError) else path.relative_to(folder).as_posix()
        for path in program_files.walk(folder, root)
    ]


def test_a_folder_is_walked_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/z", "b/a", "a", "c.d/e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    assert walked(tmp_path, tmp_path) == ["a", "b/a", "b/z", "c.d/e"]


def test_hidden_files_and_backups_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in (".git/config", ".env", "a~", "a", "b.~x"):
        (tmp_path / name).write_text("x")

    assert walked(tmp_path, tmp_path) == ["a", "b.~x"]


def test_links_within_the_program_are_followed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/a").write_text("x")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/link").symlink_to("../shared")
    (tmp_path / "conf/file").symlink_to("../shared/a")

    assert walked(tmp_path / "conf", tmp_path) == ["file", "link/a"]


def test_a_program_behind_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "real/conf").mkdir(parents=True)
    (tmp_path / "real/conf/a").write_text("x")
    (tmp_path / "link").symlink_to("real")

    assert program_files.locate(tmp_path / "link", "conf") == tmp_path / "real/conf"
    assert walked(tmp_path / "link/conf", tmp_path / "link") == ["a"]


def test_a_file_with_a_problem_does_not_hide_the_others(tmp_path: Path) -> None:
    root = tmp_path / "program"
    (root / "conf/sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (root / "conf/a").symlink_to(tmp_path / "secret")
    (root / "conf/b").symlink_to(tmp_path)
    (root / "conf/c").symlink_to("gone")
    (root / "conf/d").symlink_to("d")
    (root / "conf/sub/e").symlink_to("..")
    (root / "conf/z").write_text("x")

    found = walked(root / "conf", root)

    assert found[3].startswith("'conf/d' cannot be read (")
    assert found[:3] + found[4:] == [
        "'conf/a' is outside of the program's folder, copy it into that folder",
        "'conf/b' is outside of the program's folder, copy it into that folder",
        "'conf/c' does not exist, make it readable or remove it",
        "'conf/sub/e' is a link to a folder that contains it, remove it",
        "z",
    ]


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)

    assert walked(tmp_path, tmp_path) == ["'.' cannot be read (Permission denied), make it readable or remove it"]


def test_a_folder_that_links_make_too_large_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_files, "MAX_FILES", 1000)
    for level in range(20):
        (tmp_path / str(level)).mkdir()
        for name in ("a", "b"):
            (tmp_path / str(level) / name).symlink_to(f"../{level + 1}")
    (tmp_path / "20").mkdir()
    (tmp_path / "20/file").write_text("x")

    found = walked(tmp_path / "0", tmp_path)

    assert (len(found), found[-1]) == (1001, "has more than 1000 files, give a smaller folder")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("", "expected a path relative to the program's folder, got ''"),
        ("/etc", "expected a path relative to the program's folder, got '/etc'"),
        ("gone", "'gone' does not exist, give a path relative to the program's folder"),
        ("a/b", "'a/b' cannot be read (Not a directory), give a path relative to the program's folder"),
        ("a\0", "'a\\x00' cannot be read (embedded null byte), give a path relative to the program's folder"),
        ("..", "'..' is outside of the program's folder, copy it into that folder"),
        ("../program-2", "'../program-2' is outside of the program's folder, copy it into that folder"),
        ("link", "'link' is outside of the program's folder, copy it into that folder"),
    ],
)
def test_a_path_outside_of_the_program_or_to_no_file_is_refused(tmp_path: Path, given: str, fault: str) -> None:
    root = tmp_path / "program"
    root.mkdir()
    (tmp_path / "program-2").mkdir()
    (root / "a").write_text("x")
    (root / "link").symlink_to(tmp_path)

    with pytest.raises(PathError) as caught:
        program_files.locate(root, given)

    assert str(caught.value) == fault


def test_bytes_are_read_unchanged(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\x00a\r\nb\r")

    assert program_files.read(tmp_path / "a", 7) == b"\xff\x00a\r\nb\r"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(PathError) as caught:
            program_files.read(path, 2)
        return str(caught.value)

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").write_text("xx")
    (tmp_path / "large").write_text("xxx")
    os.mkfifo(tmp_path / "pipe")

    assert refusal(tmp_path) == "names a folder, give a file"
    assert refusal(tmp_path / "pipe") == "names no regular file, give a file"
    assert refusal(tmp_path / "large") == "has 3 bytes, at most 2 fit"
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert refusal(tmp_path / "a") == "cannot be read (Permission denied), make it readable"

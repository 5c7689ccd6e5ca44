import hashlib
from pathlib import Path

import pytest

from tools.builds import download
from tools.found import SetupError


def published(folder: Path, content: bytes, digest: str | None = None) -> str:
    folder.mkdir()
    (folder / "tool").write_bytes(content)
    (folder / "tool.sha256").write_text(f"{digest or hashlib.sha256(content).hexdigest()}  tool\n")
    return (folder / "tool").as_uri()


def test_a_download_can_be_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "tool"

    download.fetch(published(tmp_path / "site", b"#!/bin/sh\n"), target, usually="1 s")

    assert target.read_bytes() == b"#!/bin/sh\n"
    assert target.stat().st_mode & 0o111
    assert not list(tmp_path.glob("*.partial"))


def test_other_bytes_than_published_are_refused(tmp_path: Path) -> None:
    address = published(tmp_path / "site", b"other", digest="0" * 64)

    with pytest.raises(SetupError, match=f"published is {'0' * 64}"):
        download.fetch(address, tmp_path / "tool", usually="1 s")
    assert not (tmp_path / "tool").exists()


def test_what_is_not_there_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SetupError, match=r"nowhere.*it is built instead"):
        download.fetch((tmp_path / "nowhere").as_uri(), tmp_path / "tool", usually="1 s")

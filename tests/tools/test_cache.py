import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from tools import places
from tools.builds import cache


def make(folder: Path) -> None:
    (folder / "tool").write_text("whole")


def test_an_entry_is_made_once() -> None:
    first = cache.entry("tool-1", make)
    assert (first / "tool").read_text() == "whole"
    assert cache.entry("tool-1", lambda _: pytest.fail("made twice")) == first
    assert cache.finished("tool-1") == first


def test_a_failed_entry_leaves_nothing_and_is_made_anew() -> None:
    def fail(folder: Path) -> None:
        (folder / "tool").write_text("half")
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        cache.entry("tool-1", fail)
    assert cache.finished("tool-1") is None
    assert [path.name for path in places.cache().iterdir()] == [".locks"]
    assert (cache.entry("tool-1", make) / "tool").read_text() == "whole"


def stop_midway(ready: str) -> None:
    def hang(folder: Path) -> None:
        (folder / "tool").write_text("half")
        Path(ready).touch()
        time.sleep(60)

    cache.entry("tool-1", hang)


def test_a_killed_maker_is_swept_away_and_holds_no_lock(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    maker = multiprocessing.get_context("spawn").Process(target=stop_midway, args=(str(ready),))
    maker.start()
    while not ready.exists():
        time.sleep(0.01)
    assert maker.pid is not None
    os.kill(maker.pid, signal.SIGKILL)
    maker.join()
    assert cache.finished("tool-1") is None
    assert (cache.entry("tool-1", make) / "tool").read_text() == "whole"
    assert sorted(path.name for path in places.cache().iterdir()) == [".locks", "tool-1"]


def hold(ready: str, release: str) -> None:
    def wait(folder: Path) -> None:
        Path(ready).touch()
        while not Path(release).exists():
            time.sleep(0.01)

    cache.entry("tool-1", wait)


def test_a_second_maker_says_that_it_waits_and_makes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ready, release = tmp_path / "ready", tmp_path / "release"
    holder = multiprocessing.get_context("spawn").Process(target=hold, args=(str(ready), str(release)))
    holder.start()
    while not ready.exists():
        time.sleep(0.01)
    waiter = multiprocessing.get_context("fork").Process(target=hold, args=(str(tmp_path / "second"), str(release)))
    waiter.start()
    time.sleep(0.2)
    assert (cache.entry("tool-2", make) / "tool").exists(), "another entry waits for nobody"
    release.touch()
    holder.join(10)
    waiter.join(10)
    assert waiter.exitcode == 0
    assert not (tmp_path / "second").exists()
    assert "waiting for it" in capfd.readouterr().err


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("one")
    before = cache.digest(tmp_path)
    assert before == cache.digest(tmp_path)
    (tmp_path / "go.sum").write_text("two")
    assert before != cache.digest(tmp_path)

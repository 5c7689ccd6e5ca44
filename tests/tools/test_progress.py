import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import places, progress
from tools.found import SetupError


def test_a_step_is_announced(capfd: pytest.CaptureFixture[str]) -> None:
    progress.run(["true"], doing="resting", usually="1 s")
    assert capfd.readouterr().err == "  ..  resting (usually 1 s)\n"


def test_a_long_step_shows_its_last_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0.1)
    progress.run(["sh", "-c", "echo one; printf '10%%\\r50%%'; sleep 0.3"], doing="loading", usually="1 s")
    assert "0 s: 50%" in capfd.readouterr().err


def test_a_failure_is_one_sentence_with_the_last_line_and_what_to_do() -> None:
    with pytest.raises(SetupError) as failure:
        progress.run(["sh", "-c", "echo why >&2; exit 3"], doing="building x", usually="1 s", advice="do this")
    assert str(failure.value) == "building x failed (why); do this."


def test_a_hanging_step_ends_at_its_limit() -> None:
    started = time.monotonic()
    with pytest.raises(SetupError, match=r"no result within 0 s; run it again"):
        progress.run(["sleep", "60"], doing="waiting", usually="1 s", timeout=0.1)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_takes_its_command_along(tmp_path: Path, number: signal.Signals) -> None:
    pid_file = tmp_path / "pid"
    program = (
        "import sys, signal\nfrom tools import __main__, progress\n"
        "signal.signal(signal.SIGTERM, __main__.terminated)\n"
        f"progress.run(['sh', '-c', 'echo $$ > {pid_file}; exec sleep 60'], doing='x', usually='y')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=places.ROOT, stderr=subprocess.DEVNULL)
    while not pid_file.exists() or not pid_file.read_text():
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(10) != 0
    with pytest.raises(ProcessLookupError):
        os.killpg(int(pid_file.read_text()), 0)


def test_an_interrupt_that_is_held_back_is_delivered_later() -> None:
    release = progress.held_back()
    signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        release()


def test_a_command_that_does_not_exist_leaves_interrupts_as_they_were() -> None:
    before = [signal.getsignal(number) for number in progress.ENDING]

    with pytest.raises(FileNotFoundError):
        progress.run(["no-such-command"], doing="x", usually="y")

    assert [signal.getsignal(number) for number in progress.ENDING] == before


def test_the_end_of_any_process_can_be_waited_for() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert not progress.ended([process.pid], within=0.1)
    process.kill()
    assert progress.ended([process.pid], within=10), "a zombie has ended"
    process.wait()
    assert progress.ended([process.pid], within=0)

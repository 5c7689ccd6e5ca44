import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import browser
from tools.builds import debian, venv


@pytest.fixture
def apt_get(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that writes when it starts and when it ends, for root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    log = bin_folder / "log"
    script(bin_folder / "apt-get", f"echo start >> {log}; sleep 0.2; echo end >> {log}")
    return log


def test_packages_are_installed_one_after_the_other(apt_get: Path) -> None:
    both = [threading.Thread(target=debian.install, args=(name,), kwargs={"instead": ""}) for name in ("a", "b")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert apt_get.read_text().split() == ["start", "end"] * 2


def test_a_browser_is_installed_where_there_is_none(apt_get: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **path: None if name == browser.DRIVER else which(name, **path))
    browser.setup()

    assert apt_get.read_text().split() == ["start", "end"]


def test_an_installed_browser_is_used(apt_get: Path, bin_folder: Path) -> None:
    script(bin_folder / browser.DRIVER, "")
    browser.setup()

    assert not apt_get.exists()


def test_without_a_browser_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    browser.setup()

    assert "no browser, the tests of the UI are skipped: chromium-driver can only" in "".join(capfd.readouterr())


def test_a_python_without_pip_uses_the_one_that_debian_packs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wheel = tmp_path / "usr" / "share" / "python-wheels" / "pip-23.0.1-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    wheel.touch()
    monkeypatch.setattr(debian, "unpacked", lambda *_, **__: tmp_path)
    monkeypatch.setattr(venv, "python", lambda: str(script(tmp_path / "python", "exit 1")))

    assert venv.pip() == [str(tmp_path / "python"), wheel / "pip"]


@pytest.mark.parametrize("section", ["global", "install"])
def test_uv_gets_the_indexes_that_a_file_of_pip_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: str
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        f"[{section}]\nindex-url = https://one.test/simple\nextra-index-url =\n  https://two.test\n  https://3.test\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)

    assert venv.index() == {
        "UV_DEFAULT_INDEX": "https://one.test/simple",
        "UV_INDEX": "https://two.test https://3.test",
    }
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.test")
    assert venv.index()["UV_DEFAULT_INDEX"] == "https://variable.test"

from pathlib import Path

import pytest

from tests.toolchain.conftest import script
from toolchain import docker_plugin, engine, language_host, places, search_path, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin


def finished(name: str) -> Path:
    return script(places.cache() / name / "bin" / "pulumi", "echo v0")


def test_an_installed_engine_wins(bin_folder: Path) -> None:
    finished(engine.DOWNLOAD)
    own = script(bin_folder / "pulumi", "echo v3.230.0")
    assert engine.find() == Found(engine.TOOL, "3.230.0", str(own), Origin.INSTALLED)


def test_an_old_engine_is_passed_over(bin_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script(bin_folder / "pulumi", "echo v3.215.9")
    finished(engine.built_name())
    assert engine.find().origin is Origin.BUILT


def test_a_broken_engine_is_passed_over(bin_folder: Path) -> None:
    script(bin_folder / "pulumi", "exit 1")
    assert engine.find().origin is Origin.MISSING


def test_a_downloaded_engine_wins_over_a_built_one() -> None:
    finished(engine.built_name())
    assert engine.find().origin is Origin.BUILT
    finished(engine.DOWNLOAD)
    assert engine.find().origin is Origin.DOWNLOADED


def test_our_own_engine_on_path_is_not_taken_for_an_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    built = finished(engine.built_name())
    monkeypatch.setenv("PATH", f"{built.parent}:{places.VENV / 'bin'}:/usr/bin:/bin")
    assert engine.find().origin is Origin.BUILT
    assert search_path.without_ours() == ["/usr/bin", "/bin"]


def test_without_download_it_is_built(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def refuse(folder: Path) -> None:
        raise SetupError("refused; it is built instead.")

    monkeypatch.setattr(engine, "download", refuse)
    monkeypatch.setattr(engine, "build", lambda folder: script(folder / "bin" / "pulumi", ""))
    assert engine.setup().origin is Origin.BUILT
    assert "no download: refused" in capfd.readouterr().err


def test_the_host_beside_an_installed_engine_wins(bin_folder: Path) -> None:
    script(bin_folder / "pulumi", "echo v3.230.0")
    host = script(bin_folder / language_host.COMMAND, "")
    assert language_host.find(engine.find()).path == str(host)


def test_a_host_behind_a_linked_engine_is_found(bin_folder: Path, tmp_path: Path) -> None:
    (bin_folder / "pulumi").symlink_to(script(tmp_path / "opt" / "pulumi", "echo v3.230.0"))
    host = script(tmp_path / "opt" / language_host.COMMAND, "")
    assert language_host.find(engine.find()).path == str(host)


def build_host(folder: Path) -> None:
    for name in language_host.NAMES:
        script(folder / "bin" / name, "")


def test_a_built_host_is_linked_beside_a_built_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = finished(engine.built_name()).parent
    monkeypatch.setattr(language_host, "build", build_host)
    found = language_host.setup(engine.find())
    assert found.origin is Origin.BUILT
    assert Path(found.path).parent == beside
    (beside / language_host.NAMES[1]).unlink()
    assert not language_host.find(engine.find()).present
    assert language_host.setup(engine.find()).present


def install_plugin(mark: str | None) -> None:
    script(docker_plugin.folder() / docker_plugin.COMMAND, "")
    if mark is not None:
        (docker_plugin.folder() / docker_plugin.MARK).write_text(mark + "\n")


def test_the_plugin_of_the_engine() -> None:
    assert not docker_plugin.find().present
    install_plugin(None)
    assert docker_plugin.find().origin is Origin.INSTALLED
    install_plugin(docker_plugin.built_name())
    assert docker_plugin.find().origin is Origin.BUILT


def test_a_half_installed_plugin_is_none() -> None:
    install_plugin(None)
    docker_plugin.folder().with_name(docker_plugin.folder().name + ".partial").touch()
    assert not docker_plugin.find().present


def test_a_plugin_built_from_older_sources_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    install_plugin("docker-provider-5.2.0-00000000")
    assert not docker_plugin.find().present
    monkeypatch.setattr(docker_plugin, "download", lambda _: pytest.fail("it was built before: no download here"))
    monkeypatch.setattr(docker_plugin, "build", lambda folder: None)
    monkeypatch.setattr(docker_plugin, "install", lambda *_, **__: install_plugin(docker_plugin.built_name()))
    assert docker_plugin.setup(engine.find()).origin is Origin.BUILT


def test_a_plugin_on_path_wins(bin_folder: Path) -> None:
    own = script(bin_folder / docker_plugin.COMMAND, "")
    assert docker_plugin.find().path == str(own)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v3.216.0", True), ("3.259.0-dev.1", True), ("3.99.9", False), ("go1.26.8", False), ("", False), ("4", True)],
)
def test_versions(version: str, enough: bool) -> None:
    assert versions.at_least(version, versions.PULUMI_MINIMUM) is enough

import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import docker_plugin, engine, kubernetes_plugin, language_host, places, plugins, search_path, versions
from tools.errors import SetupError
from tools.found import Found, Origin
from tools.plugins import Plugin


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


@pytest.fixture(params=[docker_plugin.PLUGIN, kubernetes_plugin.PLUGIN], ids=lambda plugin: plugin.name)
def plugin(request: pytest.FixtureRequest) -> Plugin:
    found: Plugin = request.param
    return found


def install_plugin(plugin: Plugin, cluster_id: str | None) -> None:
    script(plugin.folder() / plugin.command, "")
    if cluster_id is not None:
        (plugin.folder() / plugins.CLUSTER_ID).write_text(cluster_id + "\n")
    venv = script(places.cache() / "venv" / "bin" / "python", "").parent.parent
    (plugin.folder() / kubernetes_plugin.PACKAGES).write_text(f"{venv}\n")


def test_the_plugin_of_the_engine(plugin: Plugin) -> None:
    assert not plugin.find().present
    install_plugin(plugin, None)
    assert plugin.find().origin is Origin.INSTALLED
    install_plugin(plugin, plugin.built_name())
    assert plugin.find().origin is Origin.BUILT


def test_a_half_installed_plugin_is_none(plugin: Plugin) -> None:
    install_plugin(plugin, None)
    plugin.folder().with_name(plugin.folder().name + ".partial").touch()
    assert not plugin.find().present


def test_a_downloaded_plugin_is_not_built(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plugin, "install", lambda self, *_, **__: install_plugin(self, None))
    assert plugin.setup(engine.find()).origin is Origin.DOWNLOADED
    assert plugin.find().origin is Origin.INSTALLED


def test_a_plugin_built_from_older_sources_is_replaced(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    install_plugin(plugin, f"{plugin.name}-0-00000000")
    assert not plugin.find().present
    again = replace(plugin, archive=lambda: Path("/new.tar.gz"))
    installed = []

    def install(self: Plugin, _engine: Found, *options: str, doing: str) -> None:
        installed.append(options)
        install_plugin(self, self.built_name())

    monkeypatch.setattr(Plugin, "download", lambda *_: pytest.fail("it was built before: no download here"))
    monkeypatch.setattr(Plugin, "install", install)
    assert again.setup(engine.find()).origin is Origin.BUILT
    assert installed == [("--reinstall", "--file", "/new.tar.gz")]


def test_a_plugin_whose_packages_are_gone_is_none() -> None:
    plugin = kubernetes_plugin.PLUGIN
    install_plugin(plugin, plugin.built_name())
    assert plugin.find().present
    (places.cache() / "venv" / "bin" / "python").unlink()
    assert "lacks the packages in" in plugin.find().advice


def test_the_kubernetes_plugin_is_packed_with_its_launcher() -> None:
    places.cache().mkdir(parents=True)
    with tarfile.open(kubernetes_plugin.archive()) as packed:
        names = packed.getnames()
        command = packed.getmember(kubernetes_plugin.PLUGIN.command)
    assert {plugins.CLUSTER_ID, kubernetes_plugin.PACKAGES, "kubernetes_plugin/__main__.py"} < set(names)
    assert command.mode & 0o111 == 0o111
    assert not [name for name in names if "__pycache__" in name]
    assert [path.name for path in places.cache().iterdir()] == ["kubernetes-plugin.tar.gz"]


@pytest.mark.parametrize(("own", "whose"), [(True, "own"), (False, "recorded")])
def test_the_launcher_takes_the_packages_of_the_shells_clone(tmp_path: Path, own: bool, whose: str) -> None:
    recorded = script(tmp_path / "recorded" / "bin" / "python", 'echo recorded "$@"').parent.parent
    shells = script(tmp_path / "own" / "bin" / "python", 'echo own "$@"').parent.parent
    (shells / "lib" / "python3.11" / "site-packages" / ("kubernetes" if own else "other")).mkdir(parents=True)
    (shells / ".complete").touch()
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / kubernetes_plugin.PACKAGES).write_text(f"{recorded}\n")
    launcher = folder / "launcher"
    launcher.write_text(kubernetes_plugin.LAUNCHER)
    env = {"PATH": "/usr/bin:/bin", "PULUMI_RUNTIME_VIRTUALENV": str(shells)}
    said = subprocess.run(["sh", str(launcher), "127.0.0.1:1"], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [whose, "-P", "-m", "kubernetes_plugin", "127.0.0.1:1"]


def test_a_plugin_on_path_wins(plugin: Plugin, bin_folder: Path) -> None:
    own = script(bin_folder / plugin.command, "")
    assert plugin.find().path == str(own)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v3.216.0", True), ("3.259.0-dev.1", True), ("3.99.9", False), ("go1.26.8", False), ("", False), ("4", True)],
)
def test_versions(version: str, enough: bool) -> None:
    assert versions.at_least(version, versions.PULUMI_MINIMUM) is enough

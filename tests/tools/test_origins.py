from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import places, versions
from tools.builds import go
from tools.found import Found, Origin, SetupError
from tools.pulumi import engine, home, language_host, node, plugins
from tools.pulumi.plugins import Plugin


def finished(name: str) -> Path:
    return script(places.cache() / name / "bin" / "pulumi", "echo v0")


def test_an_installed_engine_wins(bin_folder: Path) -> None:
    finished(engine.DOWNLOAD)
    own = script(bin_folder / "pulumi", "echo v3.230.0")
    assert engine.find() == Found(engine.TOOL, "3.230.0", str(own), Origin.INSTALLED)


def test_an_old_engine_is_passed_over(bin_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script(bin_folder / "pulumi", "echo v3.215.9")
    finished(engine.PULUMI.entry)
    assert engine.find().origin is Origin.BUILT


def test_a_broken_engine_is_passed_over(bin_folder: Path) -> None:
    script(bin_folder / "pulumi", "exit 1")
    assert engine.find().origin is Origin.MISSING


def test_a_downloaded_engine_wins_over_a_built_one() -> None:
    finished(engine.PULUMI.entry)
    assert engine.find().origin is Origin.BUILT
    finished(engine.DOWNLOAD)
    assert engine.find().origin is Origin.DOWNLOADED


def test_our_own_engine_on_path_is_not_taken_for_an_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    built = finished(engine.PULUMI.entry)
    monkeypatch.setenv("PATH", f"{built.parent}:{places.VENV / 'bin'}:/usr/bin:/bin")
    assert engine.find().origin is Origin.BUILT
    assert places.search_path() == ["/usr/bin", "/bin"]


def test_without_download_it_is_built(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def refuse(folder: Path) -> None:
        raise SetupError("refused; it is built instead.")

    monkeypatch.setattr(engine, "download", refuse)
    monkeypatch.setattr(go.Program, "build", lambda _, output: script(output, ""))
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
    beside = finished(engine.PULUMI.entry).parent
    monkeypatch.setattr(language_host, "build", build_host)
    found = language_host.setup(engine.find())
    assert found.origin is Origin.BUILT
    assert Path(found.path).parent == beside
    (beside / language_host.NAMES[1]).unlink()
    assert not language_host.find(engine.find()).present
    assert language_host.setup(engine.find()).present


def test_an_installed_nodejs_needs_npm_to_win_over_a_downloaded_one(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(bin_folder))
    assert node.find().origin is Origin.ON_DEMAND
    script(places.cache() / node.ENTRY / node.BIN / "node", "")
    own = script(bin_folder / "node", "echo v24.0.0")
    assert node.find().origin is Origin.DOWNLOADED
    script(bin_folder / "npm", "")
    assert node.find() == Found(node.TOOL, "24.0.0", str(own), Origin.INSTALLED)


@pytest.fixture(params=plugins.ALL, ids=lambda plugin: plugin.title)
def plugin(request: pytest.FixtureRequest) -> Plugin:
    found: Plugin = request.param
    return found


def build_plugin(plugin: Plugin) -> None:
    """Puts a built plugin into the cache."""
    script(places.cache() / plugin.program.entry / plugin.program.name, "")


def refuse(self: Plugin, engine: Found) -> None:
    raise SetupError("refused; it is built instead.")


def build(program: go.Program, output: Path, folder: Path | None = None) -> None:
    script(output, "")


def test_the_users_own_plugin_wins_over_a_built_one(plugin: Plugin) -> None:
    assert plugin.find().origin is (Origin.ON_DEMAND if plugin is plugins.KUBERNETES else Origin.MISSING)
    build_plugin(plugin)
    assert plugin.find().origin is Origin.BUILT
    users = script(plugin.file(home.of_user()), "")
    assert plugin.find() == Found(plugin.tool, plugin.version, str(users), Origin.INSTALLED)


def test_a_half_installed_plugin_is_none(plugin: Plugin) -> None:
    folder = script(plugin.file(home.of_user()), "").parent
    folder.with_name(folder.name + ".partial").touch()
    assert plugin.find().origin is not Origin.INSTALLED


def test_a_plugin_that_an_earlier_version_built_is_none(plugin: Plugin) -> None:
    script(plugin.file(home.of_user()), "").with_name(home.EARLIER).touch()
    assert plugin.find().origin is not Origin.INSTALLED


def test_a_downloaded_plugin_is_not_built(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plugin, "download", lambda self, _: script(self.file(home.of_user()), ""))
    assert plugin.setup(engine.find()).origin is Origin.DOWNLOADED
    assert plugin.find().origin is Origin.INSTALLED


def test_a_plugin_is_built_outside_the_users_home(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    generated = tmp_path / "module" / "cmd" / "pulumi-resource-kubernetes"
    for name in plugins.EMBEDDED:
        script(generated / name, "")
    monkeypatch.setattr(go.Program, "sources", lambda *_: tmp_path / "module")
    monkeypatch.setattr(go.Program, "build", build)
    monkeypatch.setattr(Plugin, "download", refuse)

    found = plugin.setup(engine.find())

    assert (found.origin, found.version) == (Origin.BUILT, plugin.source)
    assert Path(found.path).is_relative_to(plugins.ours())
    assert not home.of_user().exists()
    monkeypatch.setattr(go.Program, "build", lambda *_: pytest.fail("built twice"))
    assert plugin.setup(engine.find()) == found


def test_a_plugin_of_other_sources_is_another_one_in_another_home(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plugin(plugin)
    before = plugins.ours()
    changed = replace(plugin, program=replace(plugin.program, version="0"))
    assert changed.find().origin is not Origin.BUILT
    monkeypatch.setattr(plugins, plugin.title.upper(), changed)
    assert plugins.ours() != before


def test_built_plugins_are_linked_where_the_engine_looks(plugin: Plugin) -> None:
    build_plugin(plugin)
    plugins.variables()
    plugins.variables()
    assert plugin.file(plugins.ours()).samefile(plugin.program.finished() or "")
    assert [path.name for path in plugin.file(plugins.ours()).parent.iterdir()] == [plugin.command]


def test_the_kubernetes_provider_is_built_in_a_copy_beside_its_generated_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    generated = tmp_path / "module" / "cmd" / "pulumi-resource-kubernetes"
    for name in plugins.EMBEDDED:
        script(generated / name, "")
    beside: set[str] = set()

    def look(program: go.Program, output: Path, folder: Path) -> None:
        assert folder != program.folder
        beside.update(path.name for path in folder.iterdir())
        script(output, "")

    monkeypatch.setattr(go.Program, "sources", lambda *_: tmp_path / "module")
    monkeypatch.setattr(go.Program, "build", look)
    plugins.make_kubernetes(tmp_path / "entry")

    assert beside == {"go.mod", "go.sum", "main.go", *plugins.EMBEDDED}
    assert {path.name for path in plugins.KUBERNETES.program.folder.iterdir()} == {"go.mod", "go.sum", "main.go"}


def test_a_plugin_on_path_wins(plugin: Plugin, bin_folder: Path) -> None:
    own = script(bin_folder / plugin.command, "")
    assert plugin.find().path == str(own)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v3.216.0", True), ("3.259.0-dev.1", True), ("3.99.9", False), ("go1.26.8", False), ("", False), ("4", True)],
)
def test_versions(version: str, enough: bool) -> None:
    assert versions.at_least(version, versions.PULUMI_MINIMUM) is enough

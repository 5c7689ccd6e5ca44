import json
import shlex
import stat
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import environment, places
from tools.found import Found, Origin
from tools.pulumi import credentials, engine, plugins
from tools.pulumi import home as pulumi_home


def built(tool: str = engine.TOOL) -> Found:
    return Found(tool, "1", str(places.cache() / "pulumi-1" / "bin" / "pulumi"), Origin.BUILT)


def plain(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", **more}


def test_a_machine_without_choices_gets_ours(home: Path) -> None:
    chosen = environment.variables([built()], plain(home))
    assert chosen["PULUMI_BACKEND_URL"] == f"file://{home}/.local/state/consul-on-pulumi/stacks"
    assert Path(chosen["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text().strip()
    assert chosen["PULUMI_RUN_PROGRAM"] == "true"
    assert "PULUMI_HOME" not in chosen


def test_path_has_each_folder_once_and_ours_first(home: Path) -> None:
    tools = [built(), built("other")]
    first = environment.variables(tools, plain(home))["PATH"]
    ours = [str(places.VENV / "bin"), f"{home}/.cache/consul-on-pulumi/pulumi-1/bin"]
    assert first.split(":") == [*ours, "/usr/bin", "/bin"]
    assert environment.variables(tools, plain(home, PATH=first))["PATH"] == first


def test_bug_python_writes_bytecode_or_each_preview_compiles_the_sdk(home: Path) -> None:
    found = environment.variables([built()], plain(home, PYTHONDONTWRITEBYTECODE="1"))

    assert found["PYTHONDONTWRITEBYTECODE"] == ""


def test_an_installed_tool_adds_nothing_to_path(home: Path) -> None:
    own = Found(engine.TOOL, "1", "/opt/pulumi/bin/pulumi", Origin.INSTALLED)
    assert environment.path([own], plain(home)) == f"{places.VENV}/bin:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("name", "value", "absent"),
    [
        ("PULUMI_BACKEND_URL", "s3://states", "PULUMI_BACKEND_URL"),
        ("PULUMI_ACCESS_TOKEN", "token", "PULUMI_BACKEND_URL"),
        ("PULUMI_CONFIG_PASSPHRASE", "", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("PULUMI_CONFIG_PASSPHRASE", "mine", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("PULUMI_CONFIG_PASSPHRASE_FILE", "/mine", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        ("PULUMI_RUN_PROGRAM", "false", "PULUMI_RUN_PROGRAM"),
    ],
)
def test_the_users_choice_wins(home: Path, name: str, value: str, absent: str) -> None:
    assert absent not in environment.variables([], plain(home, **{name: value}))


@pytest.mark.parametrize(
    ("content", "chosen"), [({"current": "file://x"}, True), ({"current": ""}, False), ([], False)]
)
def test_a_login_wins(home: Path, content: object, chosen: bool) -> None:
    (home / ".pulumi").mkdir()
    (home / ".pulumi" / "credentials.json").write_text(json.dumps(content))
    assert ("PULUMI_BACKEND_URL" not in environment.variables([], plain(home))) is chosen


def test_our_own_passphrase_in_the_shell_is_no_choice(home: Path) -> None:
    first = environment.variables([], plain(home))
    assert not credentials.chosen_passphrase({**plain(home), **first})


def test_the_passphrase_is_made_once_for_its_owner_alone() -> None:
    path = credentials.passphrase_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    phrase = path.read_text()
    assert len(phrase.strip()) >= 40
    assert credentials.passphrase_file().read_text() == phrase
    assert [entry.name for entry in path.parent.iterdir()] == ["passphrase"]


def plugin_built() -> Found:
    return Found(plugins.DOCKER.tool, "1", str(plugins.DOCKER.file(plugins.ours())), Origin.BUILT)


def test_downloads_are_off_only_where_the_plugin_had_to_be_built(home: Path) -> None:
    name = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert name in environment.variables([plugin_built()], plain(home))
    installed = Found(plugins.DOCKER.tool, "1", "/x/y", Origin.INSTALLED)
    assert name not in environment.variables([installed], plain(home))


def test_a_built_plugin_is_in_a_home_of_ours_and_not_on_path(home: Path) -> None:
    chosen = environment.variables([plugin_built()], plain(home))
    assert chosen["PULUMI_HOME"] == str(plugins.ours())
    assert chosen["PULUMI_CREDENTIALS_PATH"] == f"{home}/.pulumi"
    assert "pulumi-home" not in chosen["PATH"]
    assert not (home / ".pulumi").exists()


def test_the_engine_finds_no_place_for_logs_in_a_home_of_ours(home: Path) -> None:
    (plugins.ours() / "logs").mkdir(parents=True)
    (plugins.ours() / "logs" / "one.log").touch()
    (home / ".pulumi" / "logs").mkdir(parents=True)
    for _ in range(2):
        environment.variables([plugin_built()], plain(home))
        assert (plugins.ours() / "logs").is_file()
    assert (home / ".pulumi" / "logs").is_dir()


def test_the_users_home_login_and_plugins_stay_in_use(home: Path) -> None:
    users = home / "mine"
    script(users / "plugins" / "resource-aws-v7.1.0" / "pulumi-resource-aws", "")
    (users / "credentials.json").write_text(json.dumps({"current": "s3://states"}))
    first = environment.variables([plugin_built()], plain(home, PULUMI_HOME=str(users)))

    linked = plugins.ours() / "plugins" / "resource-aws-v7.1.0"
    assert linked.is_dir()
    assert not linked.is_symlink(), "the engine ignores links to folders"
    assert (linked / "pulumi-resource-aws").samefile(users / "plugins" / linked.name / "pulumi-resource-aws")
    assert first["PULUMI_CREDENTIALS_PATH"] == str(users)
    assert "PULUMI_BACKEND_URL" not in first

    again = environment.variables([plugin_built()], {**plain(home, PULUMI_HOME=str(users)), **first})
    assert {name: again[name] for name in ("PULUMI_HOME", "PULUMI_CREDENTIALS_PATH")} == {
        name: first[name] for name in ("PULUMI_HOME", "PULUMI_CREDENTIALS_PATH")
    }
    assert "PULUMI_BACKEND_URL" not in again


def test_a_plugin_that_an_earlier_version_built_in_the_users_home_is_not_linked(home: Path) -> None:
    earlier = home / ".pulumi" / "plugins" / "resource-kubernetes-v4.34.2"
    script(earlier / "pulumi-resource-kubernetes", "")
    (earlier / pulumi_home.EARLIER).touch()
    environment.variables([plugin_built()], plain(home))
    assert not (plugins.ours() / "plugins" / earlier.name).exists()


def test_lines_survive_a_shell(home: Path) -> None:
    odd = f"/with space/$(id)'s:{home}"
    lines = environment.lines([], plain(home, PATH=odd))
    assert lines[0].startswith("export PATH=")
    assert shlex.split(lines[0])[1] == f"PATH={places.VENV}/bin:{odd}"

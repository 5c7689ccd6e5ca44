import sys
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import __main__ as commands
from tools import doctor, places, setup, versions
from tools.builds import debian, go, venv
from tools.docker import engine as docker_engine
from tools.docker import image as consul_image
from tools.found import Found, Origin, SetupError
from tools.pulumi import engine, plugins


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tools", *arguments])
    return commands.main()


def test_a_failure_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> Found:
        raise SetupError("no lock; check it out again.")

    monkeypatch.setattr(venv, "setup", fail)
    assert run(monkeypatch, "setup") == 1
    assert capfd.readouterr().err == "tools: no lock; check it out again.\n"


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> Found:
        raise OSError(28, "No space left on device", "/cache")

    monkeypatch.setattr(venv, "setup", fail)
    assert run(monkeypatch, "setup") == 1
    assert capfd.readouterr().err.startswith("tools: [Errno 28] No space left on device: '/cache'; make room")


def test_an_interruption_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> Found:
        raise KeyboardInterrupt

    monkeypatch.setattr(venv, "setup", interrupt)
    assert run(monkeypatch, "setup") == 130
    assert capfd.readouterr().err.count("\n") == 1


def test_the_doctor_fails_on_a_missing_tool(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(docker_engine, "DEFAULT", "unix:///nowhere.sock")
    assert run(monkeypatch, "doctor") == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["tool", "version", "origin", "path"]
    assert f"{engine.TOOL} is missing: run `make setup`." in lines
    assert any(
        line.startswith(f"{docker_engine.TOOL} is missing: nothing answers at unix:///nowhere") for line in lines
    )


def test_the_doctor_is_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Found("a", "1", "/a", Origin.INSTALLED)])
    assert run(monkeypatch, "doctor") == 0


def test_go_is_asked_for_in_a_sentence(monkeypatch: pytest.MonkeyPatch, bin_folder: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SetupError, match="install Go 1"):
        go.go()


def test_an_old_go_is_refused_in_a_sentence(bin_folder: Path) -> None:
    script(bin_folder / "go", "echo go1.22.1")
    with pytest.raises(SetupError, match=r"is go1\.22\.1; update Go"):
        go.go()


def test_a_machine_without_packages_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SetupError, match="start your engine, then run it again"):
        debian.install("docker.io", instead="start your engine")


def test_a_remote_engine_that_is_silent_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(SetupError, match="nothing answers at DOCKER_HOST=tcp://127"):
        docker_engine.setup()


@pytest.mark.parametrize(
    ("labels", "origin"),
    [
        (None, Origin.MISSING),
        ({}, Origin.INSTALLED),
        ({consul_image.LABEL: consul_image.recipe()}, Origin.BUILT),
        ({consul_image.LABEL: "older"}, Origin.MISSING),
    ],
)
def test_the_origin_of_the_image(
    monkeypatch: pytest.MonkeyPatch, labels: dict[str, str] | None, origin: Origin
) -> None:
    monkeypatch.setattr(consul_image, "labels", lambda _: labels)
    assert consul_image.find().origin is origin


def test_an_environment_from_another_lock_is_not_complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tools.places.ROOT", tmp_path)
    monkeypatch.setattr("tools.places.VENV", tmp_path / ".venv")
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.lock").write_text("one")
    assert not venv.find().present
    (tmp_path / ".venv" / ".complete").write_text(venv.wanted())
    assert venv.find().present
    (tmp_path / "requirements.lock").write_text("two")
    assert not venv.find().present


def test_a_stale_pid_file_names_no_process(tmp_path: Path) -> None:
    (tmp_path / "docker.pid").write_text("1")
    assert docker_engine.running(tmp_path / "docker.pid") is None
    assert docker_engine.running(tmp_path / "absent.pid") is None


def test_a_built_plugin_says_what_it_is_built_from() -> None:
    assert plugins.DOCKER.program.entry.startswith("docker-provider-v5.2.0-")
    assert plugins.KUBERNETES.program.entry.startswith("kubernetes-provider-v4.0.0-20260115033456-f47bc2d6f199-")
    assert "f47bc2d6f199" in plugins.KUBERNETES.source


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("config:\n  p:cluster:\n    platform:\n      kubernetes: {}\n", True),
        ("config: {p:cluster: {platform: {kubernetes: {}}}}\n", True),
        ("config:\n  p:cluster:\n    platform:\n      docker:\n        subnet: 172.30.0.0/24\n", False),
        (None, False),
    ],
)
def test_only_a_stack_on_kubernetes_needs_its_plugin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, needed: bool
) -> None:
    monkeypatch.setattr("tools.places.ROOT", tmp_path)
    if text is not None:
        (tmp_path / "Pulumi.mine.yaml").write_text(text)
    assert setup.on_kubernetes("mine") is needed


def test_the_lock_has_the_pinned_versions_and_names_no_server() -> None:
    lock = (places.ROOT / "requirements.lock").read_text()
    pinned = {
        "uv": versions.UV,
        "pulumi": versions.PULUMI,
        "pulumi-docker": versions.DOCKER_PLUGIN,
        "pulumi-kubernetes": versions.KUBERNETES_PLUGIN,
    }
    assert [name for name, version in pinned.items() if f"\n{name}=={version} \\\n" not in lock] == []
    assert "://" not in lock

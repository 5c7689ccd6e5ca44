from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import places
from tools.builds import cache, debian, download, go
from tools.found import Origin, SetupError
from tools.kubernetes import programs


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was built, instead of building it."""
    done: list[str] = []

    def build(program: go.Program, output: Path) -> None:
        done.append(f"{program.module} {program.package}")
        script(output, "")

    monkeypatch.setattr(go.Program, "build", build)
    return done


def test_downloads_come_first(monkeypatch: pytest.MonkeyPatch, built: list[str]) -> None:
    monkeypatch.setattr(programs, "ARCHITECTURES", {})
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    asked: list[str] = []

    def fetch(url: str, target: Path, *, usually: str) -> None:
        asked.append(url)
        script(target, "")

    monkeypatch.setattr(download, "fetch", fetch)
    found = programs.kubernetes("kubelet")
    programs.kubernetes("kubelet")

    assert found["kubelet"].parent.name == programs.downloaded_name("kubelet")
    assert [url.split("/release/")[1] for url in asked] == ["v1.34.2/bin/linux/riscv64/kubelet"]
    assert built == []


def test_after_one_refusal_the_others_are_built_at_once(
    monkeypatch: pytest.MonkeyPatch, built: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def refuse(url: str, target: Path, *, usually: str) -> None:
        asked.append(target.name)
        raise SetupError("refused; it is built instead.")

    monkeypatch.setattr(download, "fetch", refuse)
    programs.kubernetes("kubelet", "kube-proxy")

    assert asked == ["kubelet"]
    assert built == ["kubernetes k8s.io/kubernetes/cmd/kubelet", "kubernetes k8s.io/kubernetes/cmd/kube-proxy"]


def test_the_user_s_kubectl_comes_before_ours(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bin_folder))
    assert programs.kubectl().origin is Origin.STOPPED
    script(places.cache() / programs.program("kubectl").entry / "kubectl", "")
    assert programs.kubectl().origin is Origin.BUILT
    script(bin_folder / "kubectl", "")
    assert programs.kubectl().path == str(bin_folder / "kubectl")


def test_an_installed_command_comes_before_a_package(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(package: str) -> Path:
        def fill(folder: Path) -> None:
            script(folder / "usr" / "sbin" / "no-such-command", "")

        return cache.entry(package, fill)

    monkeypatch.setattr(debian, "unpacked", unpacked)
    assert debian.command("no-such-command", "package").is_relative_to(places.cache())
    own = script(bin_folder / "no-such-command", "")
    assert debian.command("no-such-command", "package") == own

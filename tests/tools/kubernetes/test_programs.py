from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import cache, debian, download, go_build
from tools.errors import SetupError
from tools.found import Origin
from tools.kubernetes import packages, programs


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was built, instead of building it."""
    done: list[str] = []

    def build(module: str, package: str, output: Path, *, variables: str = "", usually: str) -> None:
        done.append(f"{module} {package}")
        script(output, "")

    monkeypatch.setattr(go_build, "build", build)
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
    script(cache.places.cache() / programs.built_name("kubectl") / "kubectl", "")
    assert programs.kubectl().origin is Origin.BUILT
    script(bin_folder / "kubectl", "")
    assert programs.kubectl().path == str(bin_folder / "kubectl")


def test_an_installed_command_comes_before_a_package(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(package: str, folder: Path, *, instead: str) -> None:
        script(folder / "usr" / "sbin" / "no-such-command", "")

    monkeypatch.setattr(debian, "unpacked", unpacked)
    assert packages.command("no-such-command", "package").is_relative_to(cache.places.cache())
    own = script(bin_folder / "no-such-command", "")
    assert packages.command("no-such-command", "package") == own

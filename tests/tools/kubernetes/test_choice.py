"""Which cluster is used, and that no other is touched."""

from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import environment, places
from tools.docker import engine, image
from tools.found import Origin, SetupError, missing
from tools.kubernetes import cluster, existing, layout, processes

ANSWER = """case "$*" in
*current-context*) echo production;;
*/version*) echo '{"gitVersion": "v1.33.1"}';;
*) exit 1;;
esac"""


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been started or ended instead."""
    done: list[str] = []
    monkeypatch.setattr(processes, "up", lambda nodes: done.append(f"processes up {nodes}"))
    monkeypatch.setattr(processes, "down", lambda *, keep: False)
    return done


def configured(home: Path) -> Path:
    path = home / ".kube" / "config"
    path.parent.mkdir()
    path.write_text("mine")
    return path


def test_a_context_that_answers_is_used_and_left_alone(
    home: Path, bin_folder: Path, nothing_starts: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    config = configured(home)
    script(bin_folder / "kubectl", ANSWER)

    found = cluster.up(1)

    assert (found.version, found.path, found.origin) == ("1.33.1", "context production", Origin.INSTALLED)
    assert "the context production answers and is used; nothing was started" in capfd.readouterr().err
    assert nothing_starts == []
    assert config.read_text() == "mine"
    assert not layout.folder().exists()


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "case $* in *current*) echo dead;; *) exit 1;; esac",
        "case $* in *current*) echo a;; *) echo no;; esac",
    ],
)
def test_a_context_that_does_not_answer_is_passed_over(
    home: Path, bin_folder: Path, nothing_starts: list[str], body: str
) -> None:
    configured(home)
    script(bin_folder / "kubectl", body)

    assert cluster.up(2).origin is Origin.BUILT
    assert nothing_starts == ["processes up 2"]


def test_a_hanging_context_is_passed_over(
    home: Path, bin_folder: Path, nothing_starts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(home)
    script(bin_folder / "kubectl", "sleep 30")
    monkeypatch.setattr(existing, "WITHIN", 0.2)

    cluster.up(1)

    assert nothing_starts == ["processes up 1"]


def test_without_a_kubeconfig_nobody_is_asked(nothing_starts: list[str], bin_folder: Path, tmp_path: Path) -> None:
    script(bin_folder / "kubectl", f"touch {tmp_path}/asked")

    cluster.up(1)

    assert not (tmp_path / "asked").exists()


def test_our_own_kubeconfig_in_the_shell_is_no_choice_of_the_user(home: Path) -> None:
    env = {"HOME": str(home), "KUBECONFIG": str(layout.kubeconfig())}

    assert existing.find(env) is None
    assert existing.files(existing.own_environment(env)) == [home / ".kube" / "config"]
    assert existing.files({"KUBECONFIG": "/a:/b"}) == [Path("/a"), Path("/b")]


@pytest.fixture
def kind_installed(bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kind that notes what it is told; its clusters are files."""
    notes = tmp_path / "notes"
    script(
        bin_folder / "kind",
        f"""echo "$*" >> {notes}
case "$1 $2" in
'get clusters') ls {tmp_path}/clusters 2>/dev/null;;
'create cluster')
  [ -e {tmp_path}/refuse ] && exit 1
  mkdir -p {tmp_path}/clusters
  touch {tmp_path}/clusters/$4
  for word; do
    case $before in --kubeconfig) touch "$word";; --config) cp "$word" {tmp_path}/config;; esac
    before=$word
  done;;
'delete cluster') rm {tmp_path}/clusters/$4;;
esac
exit 0""",
    )
    monkeypatch.setattr(engine, "setup", lambda: None)
    monkeypatch.setattr(image, "find", lambda: missing("Consul image"))
    running = tmp_path / "clusters" / layout.NAME
    monkeypatch.setattr(engine, "ask", lambda *_: "true" if running.exists() else None)
    return notes


def test_kind_comes_before_plain_processes(
    kind_installed: Path, nothing_starts: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cluster.up(3).origin is Origin.INSTALLED
    assert nothing_starts == []
    assert (tmp_path / "config").read_text().count("worker") == 3
    assert cluster.running() == layout.kubeconfig()
    cluster.up(3)
    assert kind_installed.read_text().count("create cluster") == 1


def test_only_our_own_cluster_of_kind_is_removed(
    kind_installed: Path, nothing_starts: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "theirs").touch()
    cluster.down(keep=False)
    assert "delete" not in kind_installed.read_text()

    cluster.up(1)
    cluster.down(keep=False)

    assert [path.name for path in (tmp_path / "clusters").iterdir()] == ["theirs"]
    assert cluster.running() is None


def test_where_kind_fails_plain_processes_do(
    kind_installed: Path, nothing_starts: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "refuse").touch()

    assert cluster.up(1).origin is Origin.BUILT
    assert nothing_starts == ["processes up 1"]
    assert "kind failed: making a cluster with kind failed" in capfd.readouterr().err


def test_a_stopped_cluster_is_no_missing_tool() -> None:
    found = cluster.find()

    assert found.present
    assert found.summary() == "- (stopped) -"


def test_only_root_starts_plain_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="needs root"):
        processes.up(1)


def test_the_shell_gets_our_kubeconfig_unless_it_has_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = places.state() / "kubernetes" / "kubeconfig"
    plain = {"HOME": str(home), "PATH": "/usr/bin"}
    assert "KUBECONFIG" not in environment.variables([], plain)

    monkeypatch.setattr(cluster, "running", lambda: ours)

    assert environment.variables([], plain)["KUBECONFIG"] == str(ours)
    assert "KUBECONFIG" not in environment.variables([], {**plain, "KUBECONFIG": "/theirs"})

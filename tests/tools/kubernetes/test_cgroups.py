from pathlib import Path

import pytest

from tools.kubernetes import cgroups


@pytest.fixture
def trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "cgroup"
    root.mkdir()
    monkeypatch.setattr(cgroups, "ROOT", root)
    return root


def test_version_1_has_a_tree_for_each_controller(trees: Path) -> None:
    for controller in ("memory", "cpuset", "unified"):
        (trees / controller).mkdir()

    cgroups.make("ours/node-1")

    assert all((trees / tree / "ours" / "node-1").is_dir() for tree in ("memory", "cpuset", "unified"))


def test_processors_are_inherited_where_a_new_group_has_none(trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trees / "cpuset").mkdir()
    (trees / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    made = Path.mkdir

    def like_the_kernel(path: Path, exist_ok: bool = False) -> None:
        made(path, exist_ok=exist_ok)
        (path / "cpuset.cpus").write_text("\n")

    monkeypatch.setattr(Path, "mkdir", like_the_kernel)
    cgroups.make("ours/node-1")

    assert (trees / "cpuset" / "ours" / "node-1" / "cpuset.cpus").read_text() == "0-1\n"


def test_version_2_hands_its_controllers_down(trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trees / "cgroup.controllers").write_text("cpu memory\n")
    handed: list[tuple[str, str]] = []
    monkeypatch.setattr(cgroups, "delegate", lambda group: handed.append((group.name, "all")))

    cgroups.make("ours/node-1")

    assert handed == [(trees.name, "all"), ("ours", "all")]


def test_they_are_removed_from_below(trees: Path) -> None:
    (trees / "memory").mkdir()
    cgroups.make("ours/node-1/kubepods/pod-a")
    cgroups.make("ours/node-2")

    cgroups.remove("ours/node-1")
    assert [path.name for path in (trees / "memory" / "ours").iterdir()] == ["node-2"]
    cgroups.remove("ours")
    cgroups.remove("ours")
    assert list((trees / "memory").iterdir()) == []


def test_one_that_is_in_use_is_no_silent_failure(trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trees / "memory" / "ours").mkdir(parents=True)
    (trees / "memory" / "ours" / "in-use").write_text("")
    monkeypatch.setattr(cgroups, "LEAVING", 0.1)

    with pytest.raises(OSError, match="not empty"):
        cgroups.remove("ours")

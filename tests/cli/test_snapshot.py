"""Snapshots of a cluster that is only reached through an API server, on a fake one."""

import hashlib
from pathlib import Path

import pytest
from consul_on_pulumi.cli import snapshot
from consul_on_pulumi.consul import credentials, operator_api

from tests.cli.conftest import Stack
from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.fake_kubernetes import FakeKubernetes

# Larger than what is passed on at once, and no text in any encoding.
TAKEN = bytes(range(256)) * 10_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "one.snap"


@pytest.mark.parametrize("way", ["", "-forward", "-proxy"])
def test_it_goes_by_the_addresses_of_the_state_both_ways(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, way: str
) -> None:
    stack(way=way)
    three.snapshot = TAKEN

    snapshot.main("save", "dev", str(file))
    three.snapshot = b""
    snapshot.main("restore", "dev", str(file))

    assert file.read_bytes() == three.snapshot == TAKEN
    assert file.stat().st_mode & 0o077 == 0


def test_the_token_of_the_configuration_is_shown(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(token="hush")

    snapshot.main("save", "dev", str(file))

    assert credentials.token({}) == "hush"
    assert "hush" not in capsys.readouterr().out


def test_each_try_of_a_restore_sends_the_whole_file(three: FakeConsul, file: Path) -> None:
    file.write_bytes(TAKEN)
    three.fail(Fault.NO_LEADER, "/v1/snapshot", times=2)

    snapshot.restore(three.addresses, file)

    assert [one.size for one in three.asked] == [len(TAKEN)] * 3
    assert three.snapshot == TAKEN


def test_no_snapshot_is_ever_held_whole(three: FakeConsul, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three.snapshot = TAKEN
    sizes: list[int] = []

    def watched(consul: snapshot.Consul) -> list[bytes]:
        found = list(pieces(consul))
        sizes.extend(map(len, found))
        return found

    pieces = operator_api.snapshot
    monkeypatch.setattr(operator_api, "snapshot", watched)

    assert snapshot.save(three.addresses, file) == hashlib.sha256(TAKEN).hexdigest()
    assert max(sizes) < len(TAKEN) == sum(sizes)


def test_a_transfer_that_breaks_off_leaves_no_file(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack()
    three.snapshot, three.cut = TAKEN, 5000

    with pytest.raises(SystemExit, match="save failed, "):
        snapshot.main("save", "dev", str(file))

    assert list(file.parent.glob("one.snap*")) == []


def test_without_a_cluster_it_ends_with_one_sentence(stack: Stack) -> None:
    with pytest.raises(SystemExit, match="the stack dev has no cluster: run `make up STACK=dev` first"):
        snapshot.main("save", "dev")

"""Snapshots of clusters that are reached through an API server, and of several clusters in one stack."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from consul_on_pulumi.cli.main import main
from consul_on_pulumi.consul import snapshot_files

from tests.cli.conftest import Stack, cluster
from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.fake_kubernetes import FakeKubernetes
from tests.doubles.snapshots import snapshot

# More than one piece, and not text in any encoding.
TAKEN = snapshot(random.Random(1).randbytes(2_560_000))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "one.snap"


@pytest.mark.parametrize("method", ["", "-forward", "-proxy"])
def test_save_and_restore_use_the_addresses_in_the_state(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, method: str
) -> None:
    stack(method=method)
    three.snapshot = TAKEN

    main(["snapshot", "--stack", "dev", str(file)])
    three.snapshot = b""
    main(["restore", "--stack", "dev", str(file)])

    assert file.read_bytes() == three.snapshot == TAKEN
    assert file.stat().st_mode & 0o077 == 0


def test_house_row_12_the_token_in_the_state_is_sent(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(token="hush")

    main(["snapshot", "--stack", "dev", str(file)])

    assert three.tokens == {"hush"}
    assert "hush" not in capsys.readouterr().out


def test_each_attempt_of_a_restore_sends_the_whole_file(three: FakeConsul, file: Path) -> None:
    file.write_bytes(TAKEN)
    three.fail(Fault.NO_LEADER, "/v1/snapshot", times=2)

    snapshot_files.restore(three.addresses, {}, file)

    assert [one.size for one in three.requests] == [len(TAKEN)] * 3
    assert three.snapshot == TAKEN


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (TAKEN[: len(TAKEN) // 2], "Compressed file ended before the end-of-stream marker was reached"),
        (TAKEN[:-4], "Compressed file ended before the end-of-stream marker was reached"),
        (TAKEN[:-6] + b"xxxxxx", "CRC check failed"),
        (b"", "empty file"),
        (b'{"not": "a snapshot"}', "Not a gzipped file"),
        (snapshot(b"one", digest_of=b"another"), "its digests differ from its content"),
    ],
    ids=["half", "four bytes less", "other bytes", "empty", "no archive", "repacked"],
)
def test_d6_a_file_that_is_no_whole_snapshot_is_not_sent(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, content: bytes, why: str
) -> None:
    stack()
    file.write_bytes(content)

    with pytest.raises(SystemExit) as caught:
        main(["restore", "--stack", "dev", str(file)])

    assert str(caught.value).startswith(f"restore failed: {file} is not a complete snapshot (")
    assert why in str(caught.value)
    assert [one for one in three.requests if one.path == "/v1/snapshot"] == []


def test_d6_a_snapshot_that_ends_early_is_not_kept(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path
) -> None:
    """The leader stopped in the middle, and the server that forwards it said nothing of that."""
    stack()
    three.snapshot = TAKEN[:-1000]

    with pytest.raises(SystemExit, match=r"snapshot failed: .* is not a complete snapshot"):
        main(["snapshot", "--stack", "dev", str(file)])

    assert list(file.parent.glob("one.snap*")) == []


def test_a_snapshot_is_never_held_in_memory_as_a_whole(
    three: FakeConsul, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.snapshot = TAKEN
    sizes: list[int] = []

    def watched(answer: requests.Response, size: int) -> Iterator[bytes]:
        for piece in pieces(answer, size):
            sizes.append(len(piece))
            yield piece

    pieces = requests.Response.iter_content
    monkeypatch.setattr(requests.Response, "iter_content", watched)

    assert snapshot_files.save(three.addresses, {}, file) == hashlib.sha256(TAKEN).hexdigest()
    assert max(sizes) < len(TAKEN) == sum(sizes)


def test_an_interrupted_transfer_leaves_no_file(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack()
    three.snapshot, three.cut = TAKEN, 5000

    with pytest.raises(SystemExit, match="snapshot failed: "):
        main(["snapshot", "--stack", "dev", str(file)])

    assert list(file.parent.glob("one.snap*")) == []


def test_without_a_cluster_it_ends_with_one_sentence(stack: Stack) -> None:
    stack(clusters=[])

    with pytest.raises(SystemExit, match="the stack dev has no Consul cluster: run `pulumi up --stack dev` first"):
        main(["snapshot", "--stack", "dev"])


def test_an_unknown_stack_ends_with_the_words_of_pulumi(stack: Stack) -> None:
    with pytest.raises(SystemExit, match=r"pulumi stack export failed: .*No such file"):
        main(["snapshot", "--stack", "other"])


def test_without_the_pulumi_command_it_ends_with_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SystemExit, match="pulumi: command not found"):
        main(["snapshot"])


def test_the_selected_stack_and_its_newest_snapshot_are_the_default(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, tmp_path: Path
) -> None:
    stack()
    folder = tmp_path / "state/consul-on-pulumi/snapshots/shop/dev"
    folder.mkdir(parents=True)
    (folder / "20250101T000000Z-consul.snap").write_bytes(b"old")
    (folder / "20990101T000000Z-other.snap").write_bytes(b"of another cluster")
    three.snapshot = TAKEN
    main(["snapshot"])
    three.snapshot = b""

    main(["restore"])

    assert three.snapshot == TAKEN


def test_snapshots_are_closed_to_other_users(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, tmp_path: Path
) -> None:
    stack()
    main(["snapshot"])

    folder = tmp_path / "state/consul-on-pulumi/snapshots/shop/dev"
    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())] == [0, 0]


def test_of_several_clusters_one_has_to_be_named(stack: Stack, three: FakeConsul, file: Path) -> None:
    servers = dict(zip("abc", three.addresses, strict=True))
    stack(clusters=[cluster("one", servers), cluster("two", {"x": "http://127.0.0.1:1"})])
    three.snapshot = TAKEN

    with pytest.raises(SystemExit, match="--cluster: expected one of one, two, got nothing"):
        main(["snapshot", str(file)])
    with pytest.raises(SystemExit, match="--cluster: expected one of one, two, got three"):
        main(["snapshot", "--cluster", "three", str(file)])
    main(["snapshot", "--cluster", "one", str(file)])

    assert file.read_bytes() == TAKEN


@pytest.mark.parametrize("named", ["dev", "acme/dev", "acme/shop/dev"])
def test_a_stack_has_one_folder_of_snapshots_however_it_is_named(
    stack: Stack, api_server: FakeKubernetes, three: FakeConsul, tmp_path: Path, named: str
) -> None:
    stack()
    three.snapshot = TAKEN

    main(["snapshot", "--stack", named])
    three.snapshot = b""
    main(["restore", "--stack", "dev"])

    assert three.snapshot == TAKEN
    assert [file.parent for file in tmp_path.rglob("*.snap")] == [
        tmp_path / "state" / "consul-on-pulumi" / "snapshots" / "shop" / "dev"
    ]

"""The release that the servers run: refused ways, what a preview says, and the snapshot before an upgrade."""

from pathlib import Path
from typing import Any

import pytest
from consul_on_pulumi.consul.rollout import RolloutStoppedError
from consul_on_pulumi.providers.consul_version import ConsulVersionProvider

from tests.doubles.fake_consul import FakeConsul, Fault
from tests.doubles.snapshots import snapshot

NAMES = ["dev-server-0", "dev-server-1", "dev-server-2"]
PROVIDER = ConsulVersionProvider()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "consul-on-pulumi/snapshots/project/stack"


def runs(consul: FakeConsul, *versions: str, leader: int | None = 0, raft_log: str = "default") -> None:
    """Let each server report a release."""
    for number, version in enumerate(versions):
        raft = dict.fromkeys(("term", "commit_index", "applied_index", "last_log_index"), "1")
        consul.canned[number, "GET", "/v1/agent/self"] = {
            "Config": {"NodeID": f"id-{number}", "Version": version},
            "DebugConfig": {"RaftLogStoreConfig": {"Backend": raft_log}},
            "Member": {"Addr": f"10.0.0.{number}", "Tags": {"port": "8300"}},
            "Stats": {"raft": raft | {"state": "Leader" if number == leader else "Follower"}},
            "Meta": {},
        }
        voters = [{"ID": f"id-{one}", "Node": NAMES[one], "Address": "", "Voter": True} for one in range(len(versions))]
        consul.canned[number, "GET", "/v1/operator/raft/configuration"] = {"Servers": voters}


def props(consul: FakeConsul, version: str, **more: Any) -> dict[str, Any]:
    return {
        "path": "cluster",
        "cluster": "consul",
        "image": f"hashicorp/consul:{version}",
        "version": version,
        "clients": 1,
        "snapshot": "if possible",
        "stack": ["project", "stack"],
        "names": NAMES,
        "addresses": consul.addresses,
        "revision": 1,
        **more,
    }


def test_a_preview_says_what_an_upgrade_is(three: FakeConsul) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")

    checked = PROVIDER.check(props(three, "1.20.6"), props(three, "1.22.7"))

    assert checked.failures == []
    assert checked.inputs["change"] == (
        "Upgrades Consul 1.20.6 → 1.22.7 on 3 servers, one by one, then 1 client. A snapshot is taken first"
    )
    assert PROVIDER.diff("", props(three, "1.20.6"), checked.inputs).changes is True


def test_a_downgrade_is_no_upgrade_and_names_what_could_fail(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.22.7", "1.22.7")

    checked = PROVIDER.check(props(three, "1.22.7"), props(three, "1.20.6"))

    assert checked.inputs["kind"] == "downgrade"
    assert checked.inputs["change"].startswith("Downgrades Consul 1.22.7 → 1.20.6 on 3 servers, one by one, then 1 cl")
    assert "entries of type 44 (CensusRequestType)" in checked.inputs["change"]


def test_a_rollout_that_did_not_finish_is_named(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.20.6", "1.20.6")

    checked = PROVIDER.check(props(three, "1.22.7"), props(three, "1.22.7"))

    assert checked.inputs["change"].startswith(
        "Upgrades Consul 1.20.6 → 1.22.7 on `dev-server-1`, `dev-server-2`, one by one, then 1 client. "
        "`dev-server-0` runs it already: an earlier rollout did not finish"
    )
    assert PROVIDER.diff("", props(three, "1.22.7"), checked.inputs).changes is True


def test_the_way_back_of_a_rollout_that_did_not_finish_names_the_servers_that_go_back(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.20.6", "1.20.6")

    checked = PROVIDER.check(props(three, "1.22.7"), props(three, "1.20.6"))

    assert checked.inputs["kind"] == "downgrade"
    assert checked.inputs["change"].startswith("Downgrades Consul 1.22.7 → 1.20.6 on `dev-server-0`. What could fail: ")


def test_what_runs_counts_more_than_what_the_state_says(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.22.7", "1.22.7")

    checked = PROVIDER.check(props(three, "1.18.2"), props(three, "1.22.7"))

    assert (checked.failures, checked.inputs["change"]) == ([], "")


def test_an_image_that_has_another_release_than_it_is_said_to_have_is_no_change_for_ever(three: FakeConsul) -> None:
    runs(three, "1.22.5", "1.22.5", "1.22.5")

    checked = PROVIDER.check(props(three, "1.22.7"), props(three, "1.22.7"))

    assert PROVIDER.diff("", props(three, "1.22.7"), checked.inputs).changes is False


def test_without_an_answer_the_state_counts(three: FakeConsul) -> None:
    three.fail(Fault.RESET, times=float("inf"))

    checked = PROVIDER.check(props(three, "1.21.0"), props(three, "1.22.7"))

    assert checked.inputs["change"].startswith("Upgrades Consul 1.21.0 → 1.22.7 on 3 servers")


def test_a_new_cluster_has_no_release_yet(three: FakeConsul) -> None:
    three.fail(Fault.RESET, times=float("inf"))

    checked = PROVIDER.check({}, props(three, "1.22.7", addresses="04da6b54-80e4-46f7-96ec-b56ff0331ba9"))

    assert (checked.failures, checked.inputs["change"]) == ([], "")


def test_an_upgrade_that_skips_too_much_is_refused_with_the_step_between(three: FakeConsul) -> None:
    runs(three, "1.20.6", "1.18.2", "1.20.6")

    (failure,) = PROVIDER.check(props(three, "1.20.6"), props(three, "1.22.7")).failures

    assert failure.reason == (
        "cluster.image: Consul 1.18.2 → 1.22.7 skips 3 minor releases, and Consul allows skipping only one: upgrade to "
        "Consul 1.20 first (https://developer.hashicorp.com/consul/docs/upgrade/instructions)"
    )


def test_a_snapshot_is_taken_before_an_upgrade(three: FakeConsul, state: Path) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")
    three.snapshot = snapshot(b"all data")

    outs = PROVIDER.update("", props(three, "1.20.6"), props(three, "1.22.7")).outs or {}

    (file,) = state.iterdir()
    assert outs["snapshot_file"] == str(file)
    assert file.name.endswith("Z-consul.snap")
    assert file.read_bytes() == snapshot(b"all data")
    # An update that is none keeps the path.
    runs(three, "1.22.7", "1.22.7", "1.22.7")
    assert (PROVIDER.update("", outs, props(three, "1.22.7", image="x")).outs or {})["snapshot_file"] == str(file)


def test_a_cluster_that_an_earlier_version_of_the_package_made_has_a_snapshot_too(
    three: FakeConsul, state: Path
) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")

    assert PROVIDER.create(props(three, "1.22.7")).outs["snapshot_file"] == str(next(state.iterdir()))


def test_another_image_of_an_unknown_release_has_a_snapshot(three: FakeConsul, state: Path) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")

    PROVIDER.update("", props(three, "1.20.6"), props(three, "", image="registry.local/consul@sha256:0"))

    assert len(list(state.iterdir())) == 1


@pytest.mark.parametrize(
    ("running", "wanted", "leader", "snapshot"),
    [
        (["1.22.7"] * 3, "1.20.6", 0, "always"),
        (["1.22.7"] * 3, "1.22.7", 0, "always"),
        (["1.20.6"] * 3, "1.22.7", 0, "never"),
        (["1.20.6"] * 3, "1.22.7", None, "if possible"),
        ([], "1.22.7", None, "always"),
    ],
    ids=["a downgrade", "no change", "never", "no leader", "a new cluster"],
)
def test_no_snapshot(
    three: FakeConsul, state: Path, running: list[str], wanted: str, leader: int | None, snapshot: str
) -> None:
    runs(three, *running, leader=leader)

    assert PROVIDER.create(props(three, wanted, snapshot=snapshot)).outs["snapshot_file"] == ""
    assert not state.exists()


def test_a_snapshot_that_fails_stops_the_upgrade(three: FakeConsul) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")
    three.fail(Fault.FORBIDDEN, "/v1/snapshot", times=float("inf"))

    with pytest.raises(RolloutStoppedError) as caught:
        PROVIDER.update("", props(three, "1.20.6"), props(three, "1.22.7"))

    assert str(caught.value).startswith("no snapshot before the upgrade, no server was touched: ")
    assert "403 Permission denied" in str(caught.value)
    assert str(caught.value).endswith("set cluster.snapshot_before_upgrade to false")


def test_a_folder_that_cannot_be_written_matters_only_if_a_snapshot_is_asked_for(
    three: FakeConsul, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(three, "1.20.6", "1.20.6", "1.20.6")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    assert PROVIDER.create(props(three, "1.22.7")).outs["snapshot_file"] == ""
    with pytest.raises(OSError, match="file"):
        PROVIDER.create(props(three, "1.22.7", snapshot="always"))


LOST = (
    "cluster.raft_logstore.backend: with boltdb a server begins with an empty Raft log and copies the data from the "
    "other servers, but no two servers vote here: the data would be lost. Leave it out, or first run `pulumi up` with "
    "3 servers"
)


def change_of_raft_log(consul: FakeConsul, before: str | None, after: str, servers: int) -> list[str]:
    """Why such a change is refused; None is a state that does not know the backend."""
    of = {"names": NAMES[:servers], "addresses": consul.addresses[:servers]}
    olds = props(consul, "1.22.7", **of, **({} if before is None else {"raft_log": before}))
    checked = PROVIDER.check(olds, props(consul, "1.22.7", **of, raft_log=after))
    return [failure.reason for failure in checked.failures]


@pytest.mark.parametrize("before", ["default", "wal", None])
def test_d1_the_only_copy_of_the_data_stays_in_its_raft_log(three: FakeConsul, before: str | None) -> None:
    runs(three, "1.22.7", raft_log=before or "default")

    assert change_of_raft_log(three, before, "boltdb", 1) == [LOST]


def test_d1_one_server_that_becomes_three_changes_its_raft_log_afterwards(three: FakeConsul) -> None:
    runs(three, "1.22.7")

    assert change_of_raft_log(three, "default", "boltdb", 3) == [LOST]


def test_d1_three_servers_without_a_leader_keep_their_raft_log(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.22.7", "1.22.7", leader=None)

    assert change_of_raft_log(three, "default", "boltdb", 3) == [LOST]


def test_d1_a_server_that_does_not_answer_keeps_its_raft_log(three: FakeConsul) -> None:
    three.fail(Fault.RESET, times=float("inf"))

    assert change_of_raft_log(three, "default", "boltdb", 1) == [LOST]
    assert change_of_raft_log(three, "boltdb", "boltdb", 1) == []


def test_d1_servers_that_copy_from_each_other_may_change_their_raft_log(three: FakeConsul) -> None:
    runs(three, "1.22.7", "1.22.7", "1.22.7")

    assert change_of_raft_log(three, "default", "boltdb", 3) == []
    assert change_of_raft_log(three, "default", "boltdb", 1) == [LOST]


@pytest.mark.parametrize(("running", "after"), [("boltdb", "boltdb"), ("boltdb", "wal"), ("boltdb", "default")])
def test_d1_a_raft_log_that_stays_is_no_loss(three: FakeConsul, running: str, after: str) -> None:
    """Consul ignores `wal` where it finds a `raft.db`."""
    runs(three, "1.22.7", raft_log=running)

    assert change_of_raft_log(three, None, after, 1) == []


def test_d1_a_new_cluster_may_begin_with_any_raft_log(three: FakeConsul) -> None:
    three.fail(Fault.RESET, times=float("inf"))

    checked = PROVIDER.check({}, props(three, "1.22.7", raft_log="boltdb"))

    assert checked.failures == []

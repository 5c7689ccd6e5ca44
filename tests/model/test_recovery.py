"""Which servers can recover a cluster that lost its quorum."""

from consul_on_pulumi.model.rollout import ServerStatus, recovery_peers, survivors


def server(number: int, last: int) -> ServerStatus:
    return ServerStatus(
        node_id=f"id-{number}", address=f"172.30.0.{number}:8300", leads=False, term=1, commit=0, applied=0, last=last
    )


STATUS = {"b": server(3, last=7), "a": server(2, last=900), "new": server(4, last=0)}


def test_only_servers_with_a_raft_log_can_recover_the_cluster() -> None:
    assert survivors(STATUS) == ["a", "b"]


def test_the_new_raft_configuration_has_only_the_chosen_servers() -> None:
    assert recovery_peers(STATUS, ["a", "b"]) == [
        {"id": "id-2", "address": "172.30.0.2:8300", "non_voter": False},
        {"id": "id-3", "address": "172.30.0.3:8300", "non_voter": False},
    ]

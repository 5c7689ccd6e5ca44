"""What exists on a Docker engine and is foreign is refused and stays. Tests on a real engine run the hook."""

from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulClient, ConsulCluster
from consul_on_pulumi.consul.api import UnreachableError
from consul_on_pulumi.platforms.docker import ownership
from consul_on_pulumi.platforms.docker.providers.ownership import OwnershipProvider
from consul_on_pulumi.providers.ownership import ForeignObjectError
from pulumi.runtime.rpc import UNKNOWN

from tests.doubles.fake_docker import FakeDocker, silent
from tests.recording import a_new_run, build, client_args, cluster_args

MINE, THEIRS = "0123456789abcdef", "fedcba9876543210"
CONTAINER, NETWORK, VOLUME = "container/dev-server-0", "network/dev", "volume/dev-server-0-data"
LABEL = "consul.cluster-id"
RETAIN = "set `platform.docker.retain_data: true` to use the data of an earlier cluster"
BACKEND = "use the Pulumi backend and the stack of that cluster"


def add(engine: FakeDocker, kind: str, **labels: str) -> None:
    """Let the object of this kind exist that the cluster `dev` needs."""
    made = {
        "container": lambda: engine.container("dev-server-0", **labels),
        "network": lambda: engine.network("dev", **labels),
        "volume": lambda: engine.volume("dev-server-0-data", **labels),
    }
    made[kind]()


def props(*objects: str, cluster_id: Any = MINE, retain_data: bool = False) -> dict[str, Any]:
    return {"objects": list(objects), "cluster": "dev", "cluster_id": cluster_id, "retain_data": retain_data}


def reasons(news: dict[str, Any], olds: dict[str, Any] | None = None) -> list[str]:
    return [failure.reason for failure in OwnershipProvider().check(olds or {}, news).failures]


def run_hook(
    kind: str,
    name: str,
    *,
    cluster_id: str | None = MINE,
    retain_data: bool = False,
) -> None:
    labels = [{"label": "consul.cluster", "value": "dev"}]
    if cluster_id:
        labels.append({"label": LABEL, "value": cluster_id})
    args: Any = pulumi.ResourceHookArgs(
        urn="urn",
        id="",
        name="x",
        type=f"docker:index/{kind}:{kind.capitalize()}",
        new_inputs={"name": name, "labels": labels},
    )
    ownership.before_create("dev", retain_data=retain_data)(args, {})


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", found.append)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    return found


@pytest.mark.parametrize("cluster_id", [MINE, UNKNOWN, None], ids=["later", "first preview", "client tier alone"])
def test_free_names_are_accepted(engine: FakeDocker, cluster_id: Any) -> None:
    assert reasons(props(CONTAINER, NETWORK, VOLUME, cluster_id=cluster_id)) == []


@pytest.mark.parametrize("cluster_id", [MINE, UNKNOWN, None], ids=["later", "first preview", "client tier alone"])
@pytest.mark.parametrize(
    ("labels", "whose"),
    [
        ({}, "no such label, so not created by this stack"),
        (
            {"cluster": "dev", "cluster_id": THEIRS},
            f"{THEIRS}, so belongs to another cluster or another Pulumi state",
        ),
    ],
    ids=["nobody's", "another cluster's"],
)
@pytest.mark.parametrize("object_name", [CONTAINER, NETWORK, VOLUME])
def test_a1_an_object_of_somebody_else_is_refused_in_the_preview_and_before_anything_is_created(
    engine: FakeDocker, object_name: str, labels: dict[str, str], whose: str, cluster_id: Any
) -> None:
    kind, _, name = object_name.partition("/")
    add(engine, kind, **labels)
    wanted = props(CONTAINER, NETWORK, VOLUME, cluster_id=cluster_id)

    (reason,) = reasons(wanted)

    assert f"expected no object of these names, found {kind} {name} ({LABEL}: {whose}). Nothing was changed:" in reason
    with pytest.raises(ForeignObjectError) as caught:
        OwnershipProvider().create(wanted)
    assert str(caught.value) == reason


@pytest.mark.parametrize("cluster_id", [THEIRS, None], ids=["another cluster's", "nobody's"])
@pytest.mark.parametrize("object_name", [CONTAINER, NETWORK, VOLUME])
@pytest.mark.parametrize("own_id", [MINE, None], ids=["a cluster", "a client tier alone"])
def test_a1_an_object_that_no_state_knows_is_refused_right_before_its_creation_and_stays(
    engine: FakeDocker, object_name: str, cluster_id: str | None, own_id: str | None
) -> None:
    kind, _, name = object_name.partition("/")
    add(engine, kind, cluster="dev", **({"cluster_id": cluster_id} if cluster_id else {}))

    with pytest.raises(ForeignObjectError, match=f"found {kind} {name}"):
        run_hook(kind, name, cluster_id=own_id)

    assert engine.done == []


@pytest.mark.parametrize(
    ("object_name", "labels", "fix"),
    [
        (CONTAINER, {}, "choose another cluster name"),
        (NETWORK, {}, "set `platform.docker.network: dev` to use this network"),
        (VOLUME, {}, "choose another cluster name"),
        (VOLUME, {"cluster": "dev"}, RETAIN),
        (VOLUME, {"cluster": "dev", "cluster_id": THEIRS}, RETAIN),
        (CONTAINER, {"cluster": "dev", "cluster_id": THEIRS}, BACKEND),
        (NETWORK, {"cluster": "dev", "cluster_id": THEIRS}, BACKEND),
    ],
)
def test_a1_a_refusal_names_the_setting_that_adopts(
    engine: FakeDocker, object_name: str, labels: dict[str, str], fix: str
) -> None:
    add(engine, object_name.partition("/")[0], **labels)

    (reason,) = reasons(props(object_name))

    assert f"Nothing was changed: {fix}, " in reason


def test_a1_a_preview_refuses_every_foreign_object_in_one_message(engine: FakeDocker) -> None:
    add(engine, "container")
    add(engine, "volume", cluster="shop", cluster_id=THEIRS)

    (reason,) = reasons(props(CONTAINER, VOLUME))

    assert "found container dev-server-0 (" in reason
    assert f"; volume dev-server-0-data ({LABEL}: {THEIRS}" in reason


@pytest.mark.parametrize("earlier", [{}, {"cluster_id": THEIRS}], ids=["of version 0.1.0", "with an ID"])
def test_a1_retained_data_of_an_earlier_cluster_is_used_with_retain_data_and_a_warning_says_so(
    engine: FakeDocker, warnings: list[str], earlier: dict[str, str]
) -> None:
    add(engine, "volume", cluster="dev", **earlier)

    for cluster_id in (MINE, UNKNOWN, None):
        assert reasons(props(VOLUME, cluster_id=cluster_id, retain_data=True)) == []
    run_hook("volume", "dev-server-0-data", retain_data=True)

    (warning,) = warnings
    assert "volume dev-server-0-data" in warning
    assert "holds the data of an earlier cluster called dev" in warning
    assert engine.done == []


@pytest.mark.parametrize("evidence", ["a container uses it", "a container exists", "a network exists"])
def test_a1_the_data_of_a_cluster_that_still_exists_is_never_taken(
    engine: FakeDocker, warnings: list[str], evidence: str
) -> None:
    theirs = {"cluster": "dev", "cluster_id": THEIRS}
    if evidence == "a network exists":
        engine.network("lan", **theirs)
        user = None
    else:
        user = engine.container("dev-server-0" if evidence == "a container uses it" else "dev-client-0", **theirs)
    engine.volume("dev-server-0-data", user if evidence == "a container uses it" else None, **theirs)

    (reason,) = reasons(props(VOLUME, retain_data=True))

    assert "found volume dev-server-0-data" in reason
    assert BACKEND in reason
    assert RETAIN not in reason
    with pytest.raises(ForeignObjectError):
        run_hook("volume", "dev-server-0-data", retain_data=True)
    assert warnings == []


def test_a1_a_volume_of_another_kind_is_never_taken_also_with_retain_data(engine: FakeDocker) -> None:
    add(engine, "volume", cluster="shop")

    assert reasons(props(VOLUME, retain_data=True)) != []


def test_a_volume_of_version_0_1_0_belongs_to_the_cluster_whose_container_uses_it(engine: FakeDocker) -> None:
    engine.volume("dev-server-0-data", engine.container("dev-server-0", cluster="dev", cluster_id=MINE), cluster="dev")

    assert reasons(props(CONTAINER, VOLUME)) == []
    run_hook("volume", "dev-server-0-data")


def test_objects_of_a_client_tier_alone_are_known_by_its_name(engine: FakeDocker) -> None:
    engine.volume("dev-client-0-data", engine.container("dev-client-0", cluster="dev"), cluster="dev")

    assert reasons(props("container/dev-client-0", "volume/dev-client-0-data", cluster_id=None)) == []


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        ("container", [("stop", "dev-server-0"), ("rm", "dev-server-0", "without volumes")]),
        ("network", [("rm", "dev")]),
        ("volume", []),
    ],
)
def test_what_an_interrupted_run_of_this_cluster_left_is_removed_but_never_its_data(
    engine: FakeDocker, warnings: list[str], kind: str, done: list[Any]
) -> None:
    add(engine, kind, cluster="dev", cluster_id=MINE)
    name = {"container": "dev-server-0", "network": "dev", "volume": "dev-server-0-data"}[kind]

    assert reasons(props(f"{kind}/{name}")) == []
    run_hook(kind, name)

    assert engine.done == done
    assert warnings == []


@pytest.mark.parametrize("kind", ["container", "network"])
def test_a_preview_removes_nothing(engine: FakeDocker, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    add(engine, kind, cluster="dev", cluster_id=MINE)

    run_hook(kind, {"container": "dev-server-0", "network": "dev"}[kind])

    assert engine.done == []


def test_a_preview_of_a_replaced_client_of_a_tier_alone_is_not_refused(
    engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The container that is going to be replaced is still there."""
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    add(engine, "container", cluster="dev")

    run_hook("container", "dev-server-0", cluster_id=None)


@pytest.mark.parametrize("kind", ["remoteImage", "secretVolume"])
def test_resources_of_other_kinds_are_not_looked_for(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    silent(monkeypatch)

    run_hook(kind, "dev")


def test_without_an_answer_the_preview_succeeds_and_the_update_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    silent(monkeypatch)

    assert reasons(props(CONTAINER)) == []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    run_hook("container", "dev-server-0")
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    for operation in (lambda: OwnershipProvider().create(props(CONTAINER)), lambda: run_hook("container", "x")):
        with pytest.raises(UnreachableError, match=r"the Docker engine at .* does not answer \(connection refused\)"):
            operation()


def test_objects_of_the_last_update_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    silent(monkeypatch)

    OwnershipProvider().update("id", props(CONTAINER), props(CONTAINER))


@pytest.mark.parametrize("alone", [False, True], ids=["cluster", "client tier alone"])
def test_a1_every_object_with_a_fixed_name_is_checked_before_it_is_created(alone: bool) -> None:
    docker = {"docker": {"subnet": "172.30.0.0/24"}}
    lan = {"docker": {"subnet": "172.30.0.0/24", "network": "lan"}}

    def program() -> None:
        ConsulClient("consul", client_args(lan)) if alone else ConsulCluster("consul", cluster_args(docker))

    seen = build(program).seen

    checked = {one for found in seen if found.type.endswith(":Ownership") for one in found.inputs["objects"]}
    kinds = ("Container", "Network", "Volume")
    created = [found for found in seen if found.type.split(":")[-1] in kinds]
    assert {f"{one.type.split(':')[-1].lower()}/{one.inputs['name']}" for one in created} <= checked
    for one in created:
        assert f"{one.parent}-ownership" in one.depends_on, one.name


@pytest.mark.parametrize(("host", "where"), [("tcp://127.0.0.1:1", "tcp://127.0.0.1:1"), ("", "its socket")])
def test_c10_without_an_answer_a_warning_says_once_that_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, warnings: list[str], host: str, where: str
) -> None:
    if host:
        monkeypatch.setenv("DOCKER_HOST", host)
    else:
        monkeypatch.delenv("DOCKER_HOST", raising=False)
        silent(monkeypatch)
    a_new_run(monkeypatch)

    ownership.warn_if_unreachable({})
    ownership.warn_if_unreachable({})

    (warning,) = warnings
    assert warning == (
        f"the Docker engine at {where} does not answer ({'Connection' if host else 'connection'} refused): start it or "
        "check $DOCKER_HOST. Until then nobody knows what exists and what runs there, although resources are shown as "
        "unchanged"
    )


def test_c10_an_engine_that_answers_is_no_warning(
    engine: FakeDocker, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    engine.ping = lambda: True
    a_new_run(monkeypatch)

    ownership.warn_if_unreachable({})

    assert warnings == []

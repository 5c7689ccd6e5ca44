"""The KV provider on a real Consul, while others write to it."""

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests
from consul_on_pulumi.consul.api import Consul, RefusedError
from consul_on_pulumi.model import kv_state
from consul_on_pulumi.model.seed import Seed, Seeds
from consul_on_pulumi.providers.kv_baseline import KvBaselineProvider
from consul_on_pulumi.providers.kv_entries import KvEntriesProvider
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as some
from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from tests.e2e import lone_consul

pytestmark = pytest.mark.e2e

_numbers = itertools.count()


@pytest.fixture(scope="module")
def base(variables: None) -> Iterator[str]:
    with lone_consul.running("kv") as address:
        yield lone_consul.ready(f"http://{address}")


def props(base: str, seeds: Seeds, **more: Any) -> dict[str, Any]:
    return {"addresses": [base], **kv_state.to_props(seeds), "revision": 1, **more}


def outputs(result: CreateResult | UpdateResult | ReadResult) -> dict[str, Any]:
    assert result.outs is not None
    return result.outs


def stored(base: str, prefix: str) -> Seeds:
    return {key: found.seed for key, found in Consul([base], {}).keys_below(prefix).items()}


class OtherWriter(threading.Thread):
    """Writes to the same keys and to others, as fast as possible, and remembers the last value of each."""

    def __init__(self, base: str, keys: list[str]) -> None:
        super().__init__(daemon=True)
        self.wrote: dict[str, Seed] = {}
        self._base, self._keys = base, keys
        self._done = threading.Event()

    def run(self) -> None:
        with requests.Session() as session:
            for number, key in enumerate(self._keys):
                value = f"foreign {number}".encode()
                session.put(
                    f"{self._base}/v1/kv/{key}", params={"flags": "5"}, data=value, timeout=5
                ).raise_for_status()
                self.wrote[key] = Seed(value, 5)

    def __enter__(self) -> "OtherWriter":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.join()


NAMES = ["a", "b/c", "b/d", "e f", "ü/ß", "x?y#z%25"]
SEEDS = some.dictionaries(
    some.sampled_from(NAMES),
    some.builds(Seed, some.sampled_from([b"", b"1", b"2", b"\xff\x00"]), some.sampled_from([0, 1, 2**64 - 1])),
)


@trials(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=some.lists(SEEDS, min_size=1, max_size=4),
    foreign=some.lists(some.sampled_from([*NAMES, "b/theirs", "theirs"]), max_size=12),
    on_conflict=some.sampled_from(["fail", "adopt"]),
)
def test_no_key_of_another_writer_is_changed_or_lost_and_the_rest_is_as_described(
    base: str, wanted: list[Seeds], foreign: list[str], on_conflict: str
) -> None:
    top = f"trial{next(_numbers)}/"
    state: dict[str, Any] = {"entries": {}}
    with OtherWriter(base, [top + quote(key) for key in foreign]) as other:
        for seeds in wanted:
            keys = {f"{top}{key}": seed for key, seed in seeds.items()}
            noted = outputs(KvBaselineProvider().create({"addresses": [base], "prefixes": [top]}))
            rule = {"on_conflict": on_conflict, "baseline": noted["index"]}
            try:
                state = outputs(KvEntriesProvider().update("id", state, props(base, keys, **rule)))
            except RefusedError:
                # The other writer was faster and the provider refused; the state is unchanged.
                continue

    theirs = {unquote(key): seed for key, seed in other.wrote.items()}
    after = stored(base, top)
    for key, seed in theirs.items():
        assert after.get(key) == seed
    ours = {key: seed for key, seed in after.items() if key not in theirs}
    assert all(any(seeds.get(key.removeprefix(top)) == seed for seeds in wanted) for key, seed in ours.items())
    if not theirs:
        assert ours == {f"{top}{key}": seed for key, seed in wanted[-1].items()}


@pytest.mark.parametrize("on_conflict", ["fail", "adopt", "overwrite"])
def test_exactly_the_seeds_are_stored_and_deleted(base: str, on_conflict: str) -> None:
    top = f"exact{next(_numbers)}/"
    requests.put(f"{base}/v1/kv/{top}theirs", data=b"x", timeout=5)
    seeds = {
        f"{top}empty": Seed(b""),
        f"{top}folder/": Seed(b""),
        f"{top}text": Seed("ü ☃\n".encode()),
        f"{top}binary": Seed(bytes(range(256)), 42),
        f"{top}flags": Seed(b"x", 2**64 - 1),
        f"{top}a b?c#d%e/f": Seed(b"odd"),
        f"{top}large": Seed(b"x" * 524_288, 3),
        f"{top}nearly/large": Seed(b"y" * 390_000),
        **{f"{top}many/{number}": Seed(b"v") for number in range(300)},
    }
    noted = outputs(KvBaselineProvider().create({"addresses": [base], "prefixes": [top]}))
    wanted = props(base, seeds, on_conflict=on_conflict, baseline=noted["index"])

    outs = outputs(KvEntriesProvider().create(wanted))

    assert stored(base, top) == seeds | {f"{top}theirs": Seed(b"x")}
    assert outputs(KvEntriesProvider().read("id", outs)) == wanted
    # Like a run after one that was killed before its state was written.
    assert outputs(KvEntriesProvider().create(wanted)) == wanted
    KvEntriesProvider().delete("id", outs)
    assert stored(base, top) == {f"{top}theirs": Seed(b"x")}


def test_a_set_with_on_conflict_fail_refuses_a_key_that_existed_before(base: str) -> None:
    top = f"strict{next(_numbers)}/"
    requests.put(f"{base}/v1/kv/{top}a", data=b"1", timeout=5)
    noted = outputs(KvBaselineProvider().create({"addresses": [base], "prefixes": [f"{top}a"]}))
    wanted = props(base, {f"{top}a": Seed(b"1")}, on_conflict="fail", baseline=noted["index"])

    assert [failure.reason.split(":")[0] for failure in KvEntriesProvider().check({}, wanted).failures] == [
        f"{top}a exists already"
    ]
    with pytest.raises(RefusedError, match="exists already"):
        KvEntriesProvider().create(wanted)


def test_a_value_above_the_limit_is_refused_with_its_size(base: str) -> None:
    with pytest.raises(RefusedError, match=r"413 .*524289"):
        KvEntriesProvider().create(props(base, {"limit/too-large": Seed(b"x" * 524_289)}))


def test_b4_batches_follow_the_limits_of_the_servers(variables: None) -> None:
    """Also with keys so long that their names alone are more than one request may have."""
    limits = "limits { kv_max_value_size = 10240 txn_max_req_len = 10240 }"
    seeds = {f"limits/{number:03}/{'k' * 100}": Seed(b"x" * 200, number) for number in range(120)}
    with lone_consul.running("limits", f"-hcl={limits}") as address:
        base = lone_consul.ready(f"http://{address}")

        outs = outputs(KvEntriesProvider().create(props(base, seeds)))

        assert stored(base, "") == seeds
        assert outputs(KvEntriesProvider().read("id", outs)) == outs
        with pytest.raises(RefusedError, match=r"key 'large': .* with 413 .*: raise `limits.kv_max_value_size`"):
            KvEntriesProvider().create(props(base, {"large": Seed(b"x" * 10_241)}))
        KvEntriesProvider().delete("id", outs)
        assert stored(base, "") == {}


@pytest.fixture(scope="module")
def secured(variables: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Consul with TLS only, client certificates required, and ACLs that deny by default."""
    folder = tmp_path_factory.mktemp("tls")
    lone_consul.certificates(folder)
    files = {
        "ca_file": "/work/consul-agent-ca.pem",
        "cert_file": "/work/dc1-server-consul-0.pem",
        "key_file": "/work/dc1-server-consul-0-key.pem",
    }
    settings = {
        "ports": {"https": 8501, "http": -1, "grpc": -1},
        "tls": {"defaults": {**files, "verify_incoming": True}},
        "acl": {"enabled": True, "default_policy": "deny", "tokens": {"initial_management": TOKEN}},
    }
    (folder / "secured.json").write_text(json.dumps(settings))
    with lone_consul.running("tls", "-config-file=/work/secured.json", folder=folder, port=8501) as address:
        client = (str(folder / "dc1-client-consul-0.pem"), str(folder / "dc1-client-consul-0-key.pem"))
        how = {"verify": str(folder / "consul-agent-ca.pem"), "cert": client}
        yield lone_consul.ready(f"https://{address}", **how), folder


TOKEN = "6ad87a4e-47a9-4b6f-a3a0-30a5a2a1c1d7"


def test_seeds_work_with_tls_and_a_token(secured: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    base, folder = secured
    monkeypatch.setenv("CONSUL_CACERT", str(folder / "consul-agent-ca.pem"))
    monkeypatch.setenv("CONSUL_CLIENT_CERT", str(folder / "dc1-client-consul-0.pem"))
    monkeypatch.setenv("CONSUL_CLIENT_KEY", str(folder / "dc1-client-consul-0-key.pem"))
    wanted = props(base, {"a": Seed(b"1")})
    with pytest.raises(RefusedError, match=r"hides the key 'a': the token lacks key:read"):
        KvEntriesProvider().create(wanted)
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "00000000-0000-0000-0000-000000000000")
    with pytest.raises(RefusedError, match=r"Permission denied|ACL not found"):
        KvEntriesProvider().create(wanted)

    wanted["connection"] = {"token": TOKEN}
    outs = outputs(KvEntriesProvider().create(wanted))
    assert outputs(KvEntriesProvider().read("id", outs)) == outs

    monkeypatch.setenv("CONSUL_HTTP_TOKEN", TOKEN)
    assert stored(base, "") == {"a": Seed(b"1")}
    KvEntriesProvider().delete("id", outs)
    assert stored(base, "") == {}

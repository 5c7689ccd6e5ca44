"""Pulumi's documented way of unit testing works on a program that uses the components, and on the page about it."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pulumi
import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.testing import LEADER, ConsulMocks
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks, set_mocks

from tests.docs.pages import ROOT, blocks
from tests.platform_cases import PlatformCase

TIMED = """
import time
from tests.test_mocks import DocumentedMocks, outputs_on

def seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began

# The first one imports the platform.
test = lambda: outputs_on(DocumentedMocks(), {chosen!r}, {preview})
test()
print(min(seconds(test) for _ in range(3)), seconds(lambda: sum(1 for _ in range(10_000_000))))
"""


class DocumentedMocks(Mocks):
    """Those of Pulumi's documentation: https://www.pulumi.com/docs/iac/guides/testing/unit/."""

    def new_resource(self, args: MockResourceArgs) -> Any:
        return [args.name + "_id", args.inputs]

    def call(self, args: MockCallArgs) -> Any:
        return {}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"sleeps for {seconds} s"))


def outputs_on(mocks: Mocks, platform: Any, preview: bool) -> dict[str, Any]:
    """The outputs of a whole cluster."""
    found: dict[str, Any] = {}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> Any:
        cluster = ConsulCluster("consul", {"clients": 1, "seeds": {"a": 1}, "platform": platform})
        names = ("ui_urls", "http_addresses", "leader_address", "servers", "datacenter", "dns_addresses")
        return pulumi.Output.all(**{name: getattr(cluster, name) for name in names}).apply(found.update)

    set_mocks(mocks, preview=preview)
    run()
    return found


@pytest.mark.parametrize("preview", [False, True])
def test_house_row_8_the_mocks_of_the_documentation_suffice(
    no_network: None, platform: PlatformCase, preview: bool
) -> None:
    found = outputs_on(DocumentedMocks(), platform.cluster, preview)

    assert found["servers"] == [f"consul-stack-server-{ordinal}" for ordinal in range(3)]
    assert found["leader_address"] is None


@pytest.mark.parametrize("preview", [False, True])
def test_house_row_8_a_unit_test_takes_less_than_a_second(platform: PlatformCase, preview: bool) -> None:
    # In a process of its own, as a user's: here the collector also walks what thousands of other tests left.
    measured = [sys.executable, "-c", TIMED.format(chosen=platform.cluster, preview=preview)]

    printed = subprocess.run(measured, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    seconds, additions = map(float, printed.split())
    # A second of a machine that adds ten million times in 0.5 s.
    assert seconds < max(1, additions / 0.5)


@pytest.mark.parametrize("chosen", [{"docker": {"subnet": "172.30.0.0/24"}}, {"kubernetes": {}}], ids=str)
def test_house_row_8_our_mocks_return_what_a_provider_would_compute(no_network: None, chosen: dict[str, Any]) -> None:
    found = outputs_on(ConsulMocks(), chosen, preview=False)

    assert found["leader_address"] == LEADER
    addresses = found["http_addresses"] + found["dns_addresses"] + found["ui_urls"]
    assert all(re.search(r":\d+$|/ui/$", address) for address in addresses)
    assert len(set(found["http_addresses"])) == 3 + 1
    assert "None" not in str(addresses)


def test_two_clusters_on_the_same_mocks_have_ports_of_their_own() -> None:
    mocks = ConsulMocks(leader_address=None)
    one = outputs_on(mocks, {"docker": {"subnet": "172.30.0.0/24"}}, preview=False)
    other = outputs_on(mocks, {"docker": {"subnet": "172.30.1.0/24"}}, preview=False)

    assert not set(one["http_addresses"]) & set(other["http_addresses"])
    assert one["leader_address"] is None


def resource(kind: str, **inputs: Any) -> MockResourceArgs:
    return MockResourceArgs(typ=kind, name="x", inputs=inputs, provider="", resource_id="", custom=True)


@pytest.mark.parametrize(
    "kind",
    ["aws:acm/certificates:Certificates", "pulumi-python:dynamic:Credentials", "aws:lb/loadBalancer:LoadBalancer"],
)
def test_resources_of_others_that_are_called_alike_keep_their_inputs(kind: str) -> None:
    assert ConsulMocks().new_resource(resource(kind, names=3)) == ("x-id", {"names": 3})


def test_kubernetes_objects_of_others_need_neither_metadata_nor_a_spec() -> None:
    mocks = ConsulMocks()

    _, config_map = mocks.new_resource(resource("kubernetes:core/v1:ConfigMap", data={"a": "b"}))
    _, service = mocks.new_resource(resource("kubernetes:core/v1:Service"))

    assert config_map == {"data": {"a": "b"}, "metadata": {"name": "x-mock", "uid": "x-uid"}}
    assert service["spec"]["ports"] == []


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_the_testing_page_works_as_it_shows(tmp_path: Path, runner: str) -> None:
    program, tests = blocks(ROOT / "docs" / "testing.md", "python")
    (tmp_path / "infrastructure.py").write_text(program)
    (tmp_path / "test_infrastructure.py").write_text(tests)
    env = {"PYTHONPATH": str(ROOT / "components"), "PATH": ""}

    done = subprocess.run(
        [sys.executable, "-m", runner], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"3 passed|Ran 3 tests", done.stdout + done.stderr)
    command = [sys.executable, "-m", "mypy", "--strict", "--allow-untyped-decorators", "."]
    checked = subprocess.run(
        command, cwd=tmp_path, env=env | {"MYPYPATH": env["PYTHONPATH"]}, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout

"""Runs programs on mocks and records every registered resource, and makes args for the clusters of the tests."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pulumi
import pytest
from consul_on_pulumi import ConsulClientArgs, ConsulClusterArgs, ConsulServerArgs
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.sync_await import _ensure_event_loop

LEADER = "172.30.0.2:8300"
"""The leader that is found, without a network."""
HTTP_PORTS, DNS_PORTS = 20100, 20200
"""The ports that HostPorts chooses for server 0. Other servers follow upwards; clients start ten higher."""

CLUSTER_IPS = {"dev-dns": "10.96.0.10", "dev-client-dns": "10.96.0.11"}
"""The cluster IPs of these Services; other Services get OTHER_IP."""
OTHER_IP = "10.96.0.99"
NODE_PORT = 31234
SUFFIX = "5ec4e7"
"""The end of generated names."""
BALANCER = "203.0.113.7"
NOT_HELD: tuple[str, frozenset[str]] = ("", frozenset())
HELD = 60
"""Most seconds to hold a resource whose answer others must not wait for."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of an object that encodes a secret (pulumi, sdk/go/common/resource/sig)."""
ROOT = "project-stack"
"""Logical name of the stack itself."""


class Monitor:
    """The engine, which registers nothing."""


class Other(pulumi.CustomResource):
    """A resource that is not of a cluster; each property is an output."""

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Other", name, props, opts)

    def output(self, name: str) -> pulumi.Output[Any]:
        """One of its properties."""
        found: pulumi.Output[Any] = pulumi.get(self, name)
        return found


@dataclass(frozen=True)
class Registration:
    """One registered resource. Other resources are given by their logical names."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    secret_inputs: frozenset[str]
    parent: str
    depends_on: frozenset[str]
    """From `depends_on` and from outputs in the inputs."""
    input_from: Mapping[str, frozenset[str]]
    """Input to the resources whose outputs it has."""
    deleted_with: str
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    provider: str
    """Logical name of the provider; empty for the default provider."""
    provider_code: str
    """The serialized provider of a dynamic resource; empty for others."""
    plugin: tuple[str, str]
    """Version and address of its plugin."""


@dataclass
class Build:
    """One run of a program."""

    seen: list[Registration] = field(default_factory=list)
    """In the order of their registration."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The resolved outputs that the program returned; None where a preview does not know the value."""
    registered_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Logical name of a component to its registered outputs."""
    leader_lookups: list[tuple[list[str], float]] = field(default_factory=list)
    """Addresses and timeout of each lookup of the leader."""
    log: list[str] = field(default_factory=list)
    """Warnings and errors."""
    waited: list[str] | None = None
    """What was not registered before the answer for the resource that was held; None if it never came."""

    def __getitem__(self, name: str) -> Registration:
        found = [one for one in self.seen if one.name == name]
        assert len(found) == 1, f"{len(found)} resources are called {name}, of {sorted(one.name for one in self.seen)}"
        return found[0]

    def of(self, type_: str) -> list[Registration]:
        """Every resource of one type, sorted by logical name. `type_` is the last part of the type."""
        return sorted((one for one in self.seen if one.type.split(":")[-1] == type_), key=lambda one: one.name)

    def names(self, type_: str) -> list[str]:
        """The logical names of all resources of one type."""
        return [one.name for one in self.of(type_)]


def document(container: Registration) -> dict[str, Any]:
    """The agent configuration of a container."""
    command = container.inputs["command"]
    found: dict[str, Any] = json.loads(command[command.index("-hcl") + 1])
    return found


def build(
    program: Callable[[], Mapping[str, Any] | None],
    *,
    preview: bool = False,
    exists: bool = True,
    stack: str = "stack",
    held: tuple[str, frozenset[str]] = NOT_HELD,
    computed: Mapping[str, Mapping[str, Any]] | None = None,
) -> Build:
    """Run `program` and return after every registration is done, so that a test can also assert what is missing.

    `exists` is for previews: resources that no update has created yet have no computed outputs.
    `held` names a resource that is answered only after these others are registered: none of them waits for it.
    The order of `seen` cannot prove that, since the SDK registers on threads.
    `computed` has outputs of resources by their logical names.
    """
    done = Build()

    def answer(addresses: Iterable[str], _connection: object, timeout: float) -> str:
        done.leader_lookups.append((list(addresses), timeout))
        return LEADER

    def resolve(values: dict[str, Any]) -> None:
        done.outputs |= values

    @pulumi.runtime.test
    def run() -> Any:
        returned = program() or {}
        return pulumi.Output.all(**{name: _or_none(value) for name, value in returned.items()}).apply(resolve)

    answers = _Answers(computed=exists, more=computed or {})
    set_mocks(answers, stack=stack, preview=preview, logger=_logger(done.log), monitor=_Recorder(answers, done, *held))
    with (
        mock.patch("consul_on_pulumi.cluster.leader_now", answer),
        # As with an engine.
        mock.patch("consul_on_pulumi.cluster.mocks", return_value=None),
    ):
        try:
            run()
        finally:
            _end_tasks()
    return done


def a_new_run(patch: pytest.MonkeyPatch) -> None:
    """As if an engine ran the program, for another time."""
    monitor = Monitor()
    patch.setattr(pulumi.runtime.settings, "get_monitor", lambda: monitor)


def cluster_args(platform: Mapping[str, Any], **more: Any) -> ConsulClusterArgs:
    """By default three servers and one client of an open cluster called `dev`."""
    open_one = {"name": "dev", "servers": 3, "clients": 1, "security": {"enabled": False}}
    args: Any = {"platform": platform, **open_one} | more
    return args


def server_args(platform: Mapping[str, Any], **more: Any) -> ConsulServerArgs:
    """By default three servers of the cluster `dev`."""
    args: Any = {"platform": platform, "cluster": "dev"} | more
    return args


def client_args(platform: Mapping[str, Any], **more: Any) -> ConsulClientArgs:
    """By default one client of the cluster `dev`."""
    args: Any = {"platform": platform, "cluster": "dev"} | more
    return args


class _Answers(Mocks):
    """The outputs that real providers would compute."""

    def __init__(self, computed: bool, more: Mapping[str, Mapping[str, Any]]) -> None:
        self.computed, self.more = computed, more

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program calls the function {args.token} of a provider")

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = dict(args.inputs)
        match args.typ.split(":")[-1]:
            case "ClusterIdentity" if self.computed:
                outputs |= {"initial_servers": outputs["servers"], "cluster_id": f"id-of-{args.name}"}
            case "Credentials" if self.computed:
                generated = {name: f"token-of-{name}" for name in outputs["names"]}
                outputs |= {"gossip_key": "generated", "tokens": generated, "ids": generated}
            case "Authority" if self.computed:
                outputs |= {"certificate": "certificate", "key": "key"}
            case "Trust" if self.computed:
                outputs |= {"trusted": outputs["certificate"], "chain": ""}
            case "Certificates" if self.computed:
                ends = (".crt", ".key")
                outputs |= {"files": {name + end: f"{name}{end}" for name in outputs["names"] for end in ends}}
            case "ConsulVersion" if self.computed:
                outputs |= {"snapshot_file": f"/{args.name}.snap"}
            case "KvBaseline" if self.computed:
                outputs |= {"index": 7}
            case "HostPorts" if self.computed:
                position = int(args.name.split("-")[-2]) + (10 if "client" in args.name else 0)
                outputs |= {"http": HTTP_PORTS + position, "dns": DNS_PORTS + position}
            case "SecretVolume" if self.computed:
                outputs |= {"volume": f"{args.name}-{SUFFIX}"}
            case "LoadBalancer" if self.computed:
                outputs |= {"address": BALANCER}
            case "Service" if self.computed:
                ports = [{"nodePort": NODE_PORT, **port} for port in outputs["spec"]["ports"]]
                address = CLUSTER_IPS.get(outputs["metadata"]["name"], OTHER_IP)
                outputs["spec"] = {"clusterIP": address, **outputs["spec"], "ports": ports}
            case "ConfigMap" | "Secret" if self.computed:
                # Pulumi generates a name if the program gives none.
                outputs["metadata"] = {"name": f"{args.name}-{SUFFIX}", **outputs["metadata"]}
        return f"{args.name}-id", outputs | self.more.get(args.name, {})


class _Recorder(MockMonitor):
    """Records what mocks do not show: parents, order and options."""

    def __init__(self, answers: Mocks, done: Build, held: str, held_until: frozenset[str]) -> None:
        super().__init__(answers)
        self.done = done
        self.held, self.missing = held, set(held_until)
        self.none_missing = threading.Event()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """A URN as the engine makes it, with the types of all ancestors, so that a duplicate is found."""
        ancestry = parent.split("::")[2] + "$" if parent and "pulumi:pulumi:Stack" not in parent else ""
        return f"urn:pulumi:stack::project::{ancestry}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, the name is gRPC's
        self.missing.discard(request.name)
        if not self.missing:
            self.none_missing.set()
        if request.name == self.held:
            self.none_missing.wait(HELD)
            self.done.waited = sorted(self.missing)
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            self.done.seen.append(
                Registration(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    inputs={key: value for key, value in inputs.items() if key != "__provider"},
                    secret_inputs=frozenset(
                        key
                        for key, value in request.object.fields.items()
                        if value.HasField("struct_value") and SIGNATURE in value.struct_value.fields
                    ),
                    parent=_name(request.parent),
                    depends_on=_names(request.dependencies),
                    input_from={key: _names(found.urns) for key, found in request.propertyDependencies.items()},
                    deleted_with=_name(request.deletedWith),
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    delete_before_replace=request.deleteBeforeReplace,
                    replace_on_changes=tuple(request.replaceOnChanges),
                    ignore_changes=tuple(request.ignoreChanges),
                    provider=_name(request.provider.rpartition("::")[0]),
                    provider_code=inputs.get("__provider", ""),
                    plugin=(request.version, request.pluginDownloadURL),
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802, the name is gRPC's
        if "pulumi:pulumi:Stack" not in request.urn:
            name = _name(request.urn)
            assert name not in self.done.registered_outputs, f"{name} registers its outputs twice"
            self.done.registered_outputs[name] = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)


def _end_tasks() -> None:
    """End what a refused program leaves: it would fail again in the next program, on the same loop."""
    loop = _ensure_event_loop()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def _name(urn: str) -> str:
    return urn.split("::")[-1]


def _names(urns: Iterable[str]) -> frozenset[str]:
    return frozenset(_name(urn) for urn in urns)


def _or_none(value: Any) -> pulumi.Output[Any]:
    output = pulumi.Output.from_input(value)
    known = output.is_known()

    async def data() -> Any:
        return await output.future() if await known else None

    return pulumi.Output.from_input(data())


def _logger(lines: list[str]) -> logging.Logger:
    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("recording", logging.WARNING)
    logger.addHandler(Keep())
    return logger

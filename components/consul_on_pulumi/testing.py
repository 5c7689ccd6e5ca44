"""Mocks for unit tests of programs that use the components: no engine, no Docker, no Kubernetes, no Consul.

    pulumi.runtime.set_mocks(ConsulMocks())

They return the inputs of every resource, completed with what a real provider would compute. The components also work
with mocks that complete nothing; then what a provider would compute is None, such as a free port.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

LEADER = "172.30.0.2:8300"
"""The Raft address that `leader_address` has."""
HOST_PORT = 20000
"""The first host port on Docker, where the settings name none."""
ADDRESS = "203.0.113.10"
"""Cluster IP of every Service, and the address of every load balancer (RFC 5737)."""
OURS = ("consul-on-pulumi:", "pulumi-python:dynamic/consul-on-pulumi:")
"""The beginning of the types of this package; a program may have a `Certificates` of its own."""
NODE_PORT = 30000
"""The port of every Service on the nodes."""


class ConsulMocks(Mocks):
    """Answers for all resources of the components. Extend it for those of your own."""

    def __init__(self, leader_address: str | None = LEADER) -> None:
        """`leader_address` is the output of every cluster; None: it has no leader."""
        self.leader_address = leader_address
        self._host_ports = count(HOST_PORT)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """The ID and the outputs of a resource."""
        return f"{args.name}-id", {**args.inputs, **self._computed(args), **_generated(args)}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        """The result of a function of a provider: an empty one."""
        return {}, None

    def _computed(self, args: MockResourceArgs) -> dict[str, Any]:
        inputs, kind = args.inputs, args.typ.rpartition(":")[2]
        if args.typ.startswith("kubernetes:"):
            return _of_kubernetes(args.name, kind, inputs)
        match kind if args.typ.startswith(OURS) else "":
            case "ClusterIdentity":
                return {"cluster_id": f"{args.name}-id", "initial_servers": inputs["servers"]}
            case "ConsulVersion":
                return {"snapshot_file": ""}
            case "HostPorts":
                return {"http": next(self._host_ports), "dns": next(self._host_ports)}
            case "KvBaseline":
                return {"index": 1}
            case "LoadBalancer":
                return {"address": ADDRESS}
            case "SecretVolume":
                return {"volume": f"{inputs['prefix']}-mock"}
        return {}


def _of_kubernetes(name: str, kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What an API server completes, also of objects that the program makes beside a cluster."""
    metadata, spec = inputs.get("metadata") or {}, inputs.get("spec") or {}
    match kind:
        case "Service":
            ports = [{"nodePort": NODE_PORT, **port} for port in spec.get("ports") or []]
            return {"spec": {"clusterIP": ADDRESS, **spec, "ports": ports}}
        case "ConfigMap" | "Secret" | "StatefulSet":
            return {"metadata": {"name": f"{name}-mock", "uid": f"{name}-uid", **metadata}}
    return {}


def _generated(args: MockResourceArgs) -> dict[str, Any]:
    """What a closed cluster generates: the same in each test, and no secret."""
    match args.typ.rpartition(":")[2] if args.typ.startswith(OURS) else "":
        case "Credentials":
            generated = {name: f"{args.name}-{name}" for name in args.inputs["names"]}
            return {"gossip_key": f"{args.name}-key", "tokens": generated, "ids": generated}
        case "Trust":
            return {"trusted": args.inputs.get("certificate"), "chain": ""}
        case "Authority":
            return {"certificate": f"{args.name}-certificate", "key": f"{args.name}-key"}
        case "Certificates":
            files = [name + end for name in args.inputs["names"] for end in (".crt", ".key")]
            return {"files": {file: file for file in files}}
    return {}

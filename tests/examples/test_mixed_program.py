"""A program with much more than Consul: a database, a network of its own, and two clusters that store its addresses."""

from pathlib import Path
from typing import Any

import pytest
import requests
from pulumi import automation

from tests.e2e import engine
from tests.examples import project

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_docker as docker
from consul_on_pulumi import ConsulCluster

config = pulumi.Config()
stack = pulumi.get_stack()
lan = docker.Network("lan", name=f"lan-{stack}", ipam_configs=[{"subnet": config.require("lan")}])
database = docker.Container(
    "database",
    name=f"database-{stack}",
    image="hashicorp/consul:1.22.7",
    entrypoints=["sleep", "3600"],
    networks_advanced=[{"name": lan.name}],
)
address = database.network_datas.apply(lambda found: found[0].ip_address)
password = pulumi.Output.secret("pa55-of-the-database")

for name in ("sales", "stock"):
    cluster = ConsulCluster(
        name,
        {
            "servers": 3 if name == "sales" else 1,
            "seeds": {"database": {"host": address, "password": password}, "owner": name},
            "server_config": {"log_level": config.get("level") or "INFO"} if name == "sales" else {},
            "platform": {"docker": {"subnet": config.require(name)}},
        },
    )
    pulumi.export(name, cluster.http_addresses)
    pulumi.export(f"{name}-authority", cluster.authority)
    pulumi.export(f"{name}-token", cluster.management_token)
"""
NETWORKS = ("lan", "sales", "stock")


def test_a_mixed_program_passes_up_preview_roll_review_and_destroy(installed: Path, tmp_path: Path) -> None:
    program = project.new_project(tmp_path, "shop", PROGRAM)
    config = {f"shop:{name}": engine.free_subnet() for name in NETWORKS}
    with project.stack_of(program, tmp_path / "run", installed, config) as stack:
        outputs = project.up(stack)
        stored = {name: keys(outputs, name, tmp_path) for name in ("sales", "stock")}
        containers = {name: engine.inspect("container", name) for name in names(stack)}
        host = containers[f"database-{stack.name}"]["NetworkSettings"]["Networks"][f"lan-{stack.name}"]["IPAddress"]

        assert stored["sales"] == {"database/host": host, "database/password": "pa55-of-the-database", "owner": "sales"}
        assert stored["stock"] == stored["sales"] | {"owner": "stock"}
        state = (tmp_path / "run" / "state").rglob("*")
        assert [file for file in state if file.is_file() and b"pa55" in file.read_bytes()] == []

        stack.set_config("level", automation.ConfigValue("WARN"))
        shown = project.review(stack)
        assert f"`sales-{stack.name}-server-0`" in shown
        assert "database-" not in shown
        assert "stock" not in shown
        project.up(stack)

        after = {name: engine.inspect("container", name)["Id"] for name in names(stack)}
        replaced = [name for name, found in containers.items() if after[name] != found["Id"]]
        assert replaced == [f"sales-{stack.name}-server-{ordinal}" for ordinal in range(3)]
        assert keys(outputs, "sales", tmp_path) == stored["sales"]
        with pytest.raises(requests.HTTPError, match="403"):
            keys({**outputs, "sales-token": outputs["stock-token"]}, "sales", tmp_path)

        stack.destroy()
        assert {name: engine.orphans(f"{name}-{stack.name}") for name in NETWORKS} == {name: {} for name in NETWORKS}


def names(stack: automation.Stack) -> list[str]:
    """The names of all containers of the program."""
    found = [one["outputs"]["name"] for one in project.resources(stack) if one["type"].endswith(":Container")]
    return sorted(found)


def keys(outputs: dict[str, Any], name: str, folder: Path) -> dict[str, str]:
    """What a cluster stores, as its own authority and its own token let one read it."""
    authority = folder / f"{name}.pem"
    authority.write_text(outputs[f"{name}-authority"])
    session = requests.Session()
    session.headers["X-Consul-Token"] = outputs[f"{name}-token"]

    def read(path: str) -> requests.Response:
        answer = session.get(f"{outputs[name][0]}/v1/kv/{path}", timeout=10, verify=str(authority))
        answer.raise_for_status()
        return answer

    return {key: read(f"{key}?raw").text for key in read("?keys").json()}

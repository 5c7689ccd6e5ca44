"""The cluster of the example in YAML, written in Python: each takes over the state of the other."""

import re
from typing import Any

import yaml

from tests.examples.in_language import Example
from tests.examples.project import STACK

PYTHON = """
import pulumi
from consul_on_pulumi import ConsulCluster

cluster = ConsulCluster("{component}", {args})
pulumi.export("httpAddresses", cluster.http_addresses)
pulumi.export("leaderAddress", cluster.leader_address)
"""


def written_in_python(made: Example, platform: Any, servers: int) -> None:
    """Replace the program by the same one in Python, as it is after a roll to the log level DEBUG."""
    settings = {
        "datacenter": "dev",
        "servers": servers,
        "clients": 1,
        "security": {"anonymous": "read"},
        "agent_config": {"log_level": "DEBUG"},
        "seeds": {"app": {"name": "web", "replicas": 3}},
        "platform": platform,
    }
    name = yaml.safe_load((made.folder / "Pulumi.yaml").read_text())["name"]
    (made.folder / "__main__.py").write_text(
        PYTHON.format(component=made.cluster.removesuffix(f"-{STACK}"), args=settings)
    )
    (made.folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")


def by_python(made: Example, platform: Any, servers: int = 1) -> None:
    """The cluster of the program in YAML becomes that of the program in Python."""
    written_in_python(made, platform, servers)
    _nothing_is_replaced(made)


def by_yaml(made: Example, program: Any) -> None:
    """The cluster of the program in Python becomes that of this one."""
    (made.folder / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    _nothing_is_replaced(made)


def _nothing_is_replaced(made: Example) -> None:
    done = made.run("up", "--yes", "--skip-preview")
    assert re.search(r"\d+ unchanged", done), done
    assert not re.search(r"\d+ (created|deleted|replaced)", done), done
    made.run("preview", "--expect-no-changes")

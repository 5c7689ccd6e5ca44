"""The comparison with the official chart lists the objects that exist."""

import re
from pathlib import Path

from consul_on_pulumi import ConsulCluster

from tests.recording import build, cluster_args

PAGE = Path(__file__).parent.parent.parent / "docs" / "helm-comparison.md"
DIGEST = re.compile(r"-[0-9a-f]{10}$")


def listed() -> set[tuple[str, str]]:
    """Kind and name of each object in the third column."""
    table = PAGE.read_text(encoding="utf-8").partition("## Object by object")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines() if row.startswith("| ")]
    return {(re.split("[, ]", kind)[0], name) for kind, _, ours, _ in rows[1:] for name in re.findall("`(.+?)`", ours)}


def created() -> set[tuple[str, str]]:
    """Kind and name of each object of three servers and a client."""
    args = cluster_args({"kubernetes": {}})

    def program() -> None:
        ConsulCluster("consul", args)

    objects = [one for one in build(program).seen if one.type.startswith("kubernetes:")]
    return {
        (one.type.rpartition(":")[2], DIGEST.sub("-…", one.inputs["metadata"]["name"]).replace("dev", "NAME", 1))
        for one in objects
    }


def test_the_table_lists_every_object_and_no_other() -> None:
    # The StatefulSet creates the claims.
    assert {one for one in listed() if one[0] != "PersistentVolumeClaim"} == created()

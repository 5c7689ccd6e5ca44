"""The comparison with the official chart lists the objects that exist."""

import re
from pathlib import Path

import pytest
from consul_on_pulumi import ConsulCluster
from consul_on_pulumi.settings import refusals

from tests.recording import build, cluster_args

PAGE = Path(__file__).parent.parent.parent / "docs" / "helm-comparison.md"
DIGEST = re.compile(r"-[0-9a-f]{10}$")


def listed() -> set[tuple[str, str]]:
    """Kind and name of each object in the third column."""
    table = PAGE.read_text(encoding="utf-8").partition("## Object by object")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines() if row.startswith("| ")]
    return {(re.split("[, ]", kind)[0], name) for kind, _, ours, _ in rows[1:] for name in re.findall("`(.+?)`", ours)}


def created() -> set[tuple[str, str]]:
    """Kind and name of each object of three servers and a client, as they are by default."""
    args = cluster_args({"kubernetes": {}}, security={})

    def program() -> None:
        ConsulCluster("consul", args)

    seen = build(program).seen
    objects = [one for one in seen if one.type.startswith("kubernetes:")]
    found = {(one.type.rpartition(":")[2], DIGEST.sub("-…", one.inputs["metadata"]["name"])) for one in objects}
    # A provider of ours writes these.
    found |= {("Secret", one.inputs["secret"]) for one in seen if one.type.endswith(":LiveFiles")}
    return {(kind, name.replace("dev", "NAME", 1)) for kind, name in found}


def test_the_table_lists_every_object_and_no_other() -> None:
    # The StatefulSet creates the claims.
    assert {one for one in listed() if one[0] != "PersistentVolumeClaim"} == created()


@pytest.mark.parametrize(
    ("setting", "row"),
    [
        ("affinity", "| Affinity and topology spread of your own"),
        ("extra_volumes", "| `extraVolumes`, `extraContainers`"),
        ("extra_containers", "| `extraVolumes`, `extraContainers`"),
        ("host_port", "| Ports on hosts (`exposeGossipAndRPCPorts`)"),
        ("dual_stack", "| Dual stack |"),
        ("cluster_domain", "| Another domain of the Kubernetes cluster |"),
    ],
)
def test_c15_what_a_pod_cannot_have_is_refused_by_name_and_the_page_says_why(setting: str, row: str) -> None:
    problems, *_ = refusals.cluster_problems({"platform": {"kubernetes": {setting: {}}}})

    assert problems == [f"cluster.platform.kubernetes.{setting}: unknown setting"]
    assert PAGE.read_text(encoding="utf-8").count(row) == 1


def test_c15_no_address_contains_the_domain_of_the_kubernetes_cluster() -> None:
    found = build(lambda: {"http": ConsulCluster("consul", cluster_args({"kubernetes": {}})).http_addresses})

    assert found.outputs["http"]
    assert "cluster.local" not in str(found.outputs["http"])


def test_c15_image_pull_secrets_are_in_every_pod() -> None:
    args = cluster_args({"kubernetes": {"image_pull_secrets": ["registry"]}}, clients=1)
    seen = build(lambda: {"http": ConsulCluster("consul", args).http_addresses}).seen
    specs = [one.inputs["spec"]["template"]["spec"] for one in seen if "template" in one.inputs.get("spec", {})]

    assert [spec["imagePullSecrets"] for spec in specs] == [[{"name": "registry"}]] * 2

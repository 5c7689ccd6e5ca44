"""The page about Consul's releases says what the code does."""

import re

from consul_on_pulumi.releases import known_problems
from consul_on_pulumi.releases.formats import formats
from consul_on_pulumi.releases.release import minor, of_image, text
from consul_on_pulumi.settings.cluster_args import DEFAULT_IMAGE

from tests.docs.pages import ROOT
from tools import versions

PAGE = (ROOT / "docs" / "consul-versions.md").read_text(encoding="utf-8")


def test_the_default_is_the_newest_release_of_the_table_and_the_one_that_is_built() -> None:
    assert versions.CONSUL_IMAGE == DEFAULT_IMAGE
    assert of_image(DEFAULT_IMAGE) == formats().releases[-1]
    assert f"**{text(formats().releases[-1])}, the default**" in PAGE


def test_every_minor_release_has_a_row_and_every_release_that_is_refused_is_named() -> None:
    rows = set(re.findall(r"^\| (\d\.\d+) \|", PAGE, re.MULTILINE))

    assert {minor(release) for release in formats().releases} <= rows
    assert [text(release) for release in known_problems.UNUSABLE if text(release) not in PAGE] == []

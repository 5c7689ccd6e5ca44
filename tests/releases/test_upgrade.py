import pytest
from consul_on_pulumi.releases import known_problems, release, upgrade
from consul_on_pulumi.releases.release import Release, of_image


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ((1, 18, 2), (1, 20, 6), None),
        ((1, 20, 6), (1, 22, 7), None),
        ((1, 22, 0), (1, 22, 7), None),
        ((1, 21, 0), (2, 0, 4), None),
        ((1, 22, 7), (2, 1, 0), None),
        ((1, 22, 7), (1, 9, 0), None),
        ((1, 18, 2), (1, 21, 0), "1.20"),
        ((1, 19, 2), (1, 22, 7), "1.21"),
        ((1, 20, 6), (2, 0, 4), "1.22"),
        ((1, 21, 0), (2, 1, 0), "2.0"),
    ],
)
def test_an_upgrade_skips_at_most_one_minor_release(before: Release, after: Release, step: str | None) -> None:
    reason = upgrade.refusal(before, after)

    assert (reason is None) == (step is None)
    assert step is None or f"upgrade to Consul {step} first" in (reason or "")


def test_a_downgrade_names_what_the_older_release_cannot_read() -> None:
    assert next(upgrade.risks((1, 22, 7), (1, 20, 6))).startswith(
        "1.20 does not start if the Raft log or a snapshot has entries of type 44 (CensusRequestType)"
    )
    assert next(upgrade.risks((1, 20, 6), (1, 19, 2))).startswith("1.19 ignores the Raft log in `raft/wal`")
    assert "what 2.0 stores is not known here" in upgrade.risks((2, 0, 4), (1, 22, 7))
    assert len(list(upgrade.risks((1, 22, 7), (1, 22, 5)))) == 1
    assert list(upgrade.risks((1, 20, 6), (1, 22, 7))) == []


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("hashicorp/consul:1.22.7", (1, 22, 7)),
        ("docker.io/hashicorp/consul:1.22.7", (1, 22, 7)),
        ("consul:1.15.4", (1, 15, 4)),
        ("hashicorp/consul-enterprise:1.22.7-ent", (1, 22, 7)),
        ("hashicorp/consul:1.22.7@sha256:" + "0" * 64, (1, 22, 7)),
        ("hashicorp/consul@sha256:" + "0" * 64, None),
        ("hashicorp/consul:1.22", None),
        ("registry.local:5000/consul:1.22.7", None),
        ("registry.local/hashicorp/consul:1.22.7", None),
    ],
)
def test_only_the_tag_of_an_official_image_tells_the_release(image: str, expected: Release | None) -> None:
    assert of_image(image) == expected


def test_consul_version_tells_the_release_of_any_other_image() -> None:
    args = {"image": "registry.local/consul:prod", "consul_version": "1.21.0"}

    assert release.of(args) == (1, 21, 0)
    assert release.versions_problem(args, "cluster") is None
    assert release.versions_problem({**args, "image": "hashicorp/consul:1.22.7"}, "cluster") == (
        "cluster.consul_version: expected 1.22.7 as in the image, got 1.21.0: leave it out"
    )


def test_a_release_that_breaks_stored_data_is_refused_with_the_issue() -> None:
    assert known_problems.unusable((1, 21, 5), "hashicorp/consul:1.22.7") == (
        "Consul 1.21.5 cannot read keys that hold anything but letters, digits and ,_./-?&= "
        "(https://github.com/hashicorp/consul/issues/22822), take hashicorp/consul:1.22.7"
    )
    assert known_problems.unusable((1, 22, 7), "") is None
    assert known_problems.unusable(None, "") is None


@pytest.mark.parametrize(
    ("key", "served"),
    [
        ("app/pct%20key", False),
        ("app/%2e%2e/x", False),
        ("a%2Fb", True),
        ("100%", True),
        ("100% %20x", True),
        ("two words", True),
        ("a..b", True),
    ],
)
def test_a_key_that_consul_stores_but_does_not_serve(key: str, served: bool) -> None:
    assert (known_problems.key_problem(key, (1, 22, 7)) is None) == served
    assert known_problems.key_problem(key, (1, 20, 6)) is None
    assert known_problems.key_problem(key, None) is None

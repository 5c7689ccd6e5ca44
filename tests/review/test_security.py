"""A comment says what is generated again, why, and what that does to the agents."""

from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.security import AUTHORITY, CERTIFICATES, CREDENTIALS

from tests.review.scripted import event, message, preview

WARNING = "security: the certificate security-server-0 ends on 2026-12-24 10:00 UTC. `pulumi up` renews it"


def test_an_end_that_is_near_is_told_with_its_date_and_with_what_the_update_does() -> None:
    names = {"names": {"security-server-0": ["server.dc1.consul"]}}
    renewed = event("update", CERTIFICATES, "consul-server-certificates", names, names)
    text = comment(preview(renewed, message(WARNING, "warning")), "dev")

    assert "- Renews certificates of `consul-server`. Agents load them while they run.\n" in text
    assert f"### Warnings\n\n```text\n{WARNING}\n```" in text
    assert "No change" not in text


def test_an_end_that_the_update_does_not_move_is_told_too() -> None:
    text = comment(preview(message(WARNING, "warning")), "dev")

    assert "**No change.**" in text
    assert WARNING in text


def test_each_word_of_a_rotation_is_told() -> None:
    words = {"tokens": "", "gossip_key": "", "management_token": ""}
    renewed = event(
        "update", CREDENTIALS, "consul-credentials", {"rotate": words}, {"rotate": {**words, "gossip_key": "2"}}
    )
    authority = event("update", AUTHORITY, "consul-authority", {"rotate": ""}, {"rotate": "2"})
    text = comment(preview(renewed, authority), "dev")

    assert "Renews the gossip key. Agents load it while they run." in text
    assert "Renews the authority. Agents also trust the old one" in text
    assert "token" not in text

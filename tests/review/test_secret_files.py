"""What a reviewer reads of secret files: that they change, and nothing of what they hold."""

from consul_on_pulumi.platforms.docker.review import CONTAINER
from consul_on_pulumi.review.comment import comment
from consul_on_pulumi.review.secret_files import OBJECT, VOLUME

from tests.review.played import container, event, preview

CANARY = "canary-5d1f0c"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": CANARY}
NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def mounted(volume: str) -> list[dict[str, str]]:
    return [
        {"volumeName": "dev-server-0-data", "containerPath": "/consul/data"},
        {"volumeName": volume, "containerPath": "/consul/secrets"},
    ]


def test_changed_files_are_told_by_name_and_as_the_reason_of_the_roll() -> None:
    before, after = ({"files": {name: SECRET}} for name in ("gossip.json", "tokens.json"))
    agents = [
        event(
            "replace",
            CONTAINER,
            f"consul-server-{ordinal}",
            container(f"dev-server-{ordinal}", volumes=mounted("dev-server-secrets-1a2b3c4d")),
            container(f"dev-server-{ordinal}", volumes=mounted(NOT_YET)),
        )
        for ordinal in range(3)
    ]

    text = comment(preview(event("replace", VOLUME, "consul-server-secrets", before, after), *agents), "dev")

    assert "Changes the secret files of the agents of `consul-server`: `gossip.json`, `tokens.json`." in text
    assert "handed over (secret files)" in text
    assert "No content is shown." in text
    assert CANARY not in text


def test_on_kubernetes_the_names_are_secret_too() -> None:
    changed = event("replace", OBJECT, "consul-server-secrets", {"data": SECRET}, {"data": SECRET})
    given = event("create", OBJECT, "consul-client-secrets", None, {"data": SECRET})

    text = comment(preview(changed, given), "dev")

    assert "Changes the secret files of the agents of `consul-server`. No content is shown." in text
    assert "Gives secret files to the agents of `consul-client`. No content is shown." in text
    assert CANARY not in text


def test_files_that_stay_are_not_told() -> None:
    stays = event("same", VOLUME, "consul-server-secrets", {"files": {"a.json": SECRET}}, {"files": {"a.json": SECRET}})

    assert "secret files" not in comment(preview(stays), "dev")

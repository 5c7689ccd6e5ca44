"""A comment says that secret files change, and never shows their content."""

from consul_on_pulumi.platforms.docker.review import CONTAINER, SECRET_VOLUME
from consul_on_pulumi.platforms.kubernetes.review import SECRET as OBJECT
from consul_on_pulumi.review.comment import comment

from tests.review.scripted import container, event, preview

CANARY = "canary-5d1f0c"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": CANARY}
NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def mounted(volume: str) -> list[dict[str, str]]:
    return [
        {"volumeName": "dev-server-0-data", "containerPath": "/consul/data"},
        {"volumeName": volume, "containerPath": "/consul/secrets"},
    ]


def test_changed_files_are_shown_by_name_and_as_the_reason_of_the_restarts() -> None:
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

    text = comment(preview(event("replace", SECRET_VOLUME, "consul-server-secrets", before, after), *agents), "dev")

    assert (
        "Changes the secret files of `consul-server`: `gossip.json`, `tokens.json`. The content is not shown." in text
    )
    assert "one at a time (secret files)" in text
    assert CANARY not in text


def test_on_kubernetes_the_file_names_are_not_shown_either() -> None:
    changed = event("replace", OBJECT, "consul-server-secrets", {"data": SECRET}, {"data": SECRET})
    added = event("create", OBJECT, "consul-client-secrets", None, {"data": SECRET}, component="ConsulClient")

    text = comment(preview(changed, added), "dev")

    assert "Changes the secret files of `consul-server`. The content is not shown." in text
    assert "Adds secret files to `consul-client`. The content is not shown." in text
    assert CANARY not in text


def test_unchanged_files_are_not_mentioned() -> None:
    stays = event(
        "same", SECRET_VOLUME, "consul-server-secrets", {"files": {"a.json": SECRET}}, {"files": {"a.json": SECRET}}
    )

    assert "secret files" not in comment(preview(stays), "dev")

"""SecretVolume: a Docker volume with the secret files of one tier, filled before any agent starts.

Docker can copy files into a container with a read-only root file system only below a mounted volume. Everything else
that a container is given (command, environment, labels) is readable in `docker inspect`.
"""

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pulumi
from docker.errors import APIError, NotFound
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.model import secret_files
from consul_on_pulumi.model.agent import GROUP, USER
from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

MODE = 0o400
"""Only the agent's user may read the files."""


class SecretVolumeProvider(ConsulProvider):
    """Creates a new volume for new content, so that no old file is left among the new ones."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """A replacement if the files changed or the volume is missing. The old volume stays until nothing uses it."""
        differs = olds["files"] != news["files"] or _is_missing(olds)
        return DiffResult(changes=differs, replaces=["files"] if differs else [], delete_before_replace=False)

    def create(self, props: Properties) -> CreateResult:
        """Create and fill the volume. Its name ends with random digits: new with each content, but no digest of it."""
        name = f"{props['prefix']}-{secrets.token_hex(4)}"
        with engine.connect(connection_of(props)) as client:
            _remove_leftovers(client, props)
            volume = client.volumes.create(name, labels=props["labels"])
            try:
                fill(client, name, props)
            except BaseException:
                volume.remove()
                raise
        return CreateResult(name, {**props, "volume": name})

    def delete(self, id_: str, props: Properties) -> None:
        """Remove the volume and its content."""
        engine.remove_volume(connection_of(props), id_)


class SecretVolume(ProviderResource, module="consul-on-pulumi", name="SecretVolume"):
    """One volume with secret files, which all agents of a tier mount."""

    volume: pulumi.Output[str]
    """The name of the volume. New content always has a new name."""

    def __init__(
        self,
        name: str,
        prefix: str,
        image: pulumi.Input[str],
        labels: Mapping[str, pulumi.Input[str]],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`prefix` starts the name of the volume. `image` is that of a helper container, which is never started:
        Docker can copy files into a volume only through a container."""
        props = {"prefix": prefix, **filling(image, labels, files)}
        super().__init__(SecretVolumeProvider(), name, props, opts)


def _is_missing(props: Properties) -> bool:
    """Whether the volume does not exist, or Docker created an empty one with its name: that one has no labels."""
    try:
        with engine.connect(connection_of(props)) as client:
            labels = client.volumes.get(props["volume"]).attrs.get("Labels") or {}
            return not props["labels"].items() <= labels.items()
    except NotFound:
        return True
    except engine.NO_ANSWER:
        return False


def _remove_leftovers(client: Any, props: Properties) -> None:
    """Remove volumes of the same tier that an interrupted run left. Docker refuses to remove one that is in use.

    Without the ID in its labels (a client tier alone), a volume may be another cluster's and stays."""
    if engine.CLUSTER_ID not in props["labels"]:
        return
    generated = re.compile(rf"{re.escape(props['prefix'])}-[0-9a-f]{{8}}")
    labels = [f"{label}={value}" for label, value in props["labels"].items()]
    for volume in client.volumes.list(filters={"label": labels}):
        if generated.fullmatch(volume.name):
            with suppress(APIError):
                volume.remove()


def filling(
    image: pulumi.Input[str], labels: Mapping[str, pulumi.Input[str]], files: Mapping[str, pulumi.Input[str]]
) -> dict[str, Any]:
    """The inputs that `fill` reads."""
    return {
        "image": image,
        "directory": secret_files.DIRECTORY,
        "labels": labels,
        "files": {name: pulumi.Output.secret(text) for name, text in files.items()},
    }


def fill(client: Any, volume: str, props: Properties) -> None:
    """Write the files of a SecretVolume or of LiveFiles into a volume."""
    directory = props["directory"]
    container = client.containers.create(
        props["image"], labels=props["labels"], volumes={volume: {"bind": directory, "mode": "rw"}}
    )
    try:
        files = {name: text.encode() for name, text in props["files"].items()}
        container.put_archive(directory, engine.archive(files, MODE, USER, GROUP))
    finally:
        # Also removes the anonymous volumes that the image declares; the named one stays.
        container.remove(v=True)

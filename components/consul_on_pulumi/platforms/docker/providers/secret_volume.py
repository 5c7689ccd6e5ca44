"""SecretVolume: files for agents in a volume of their own, which is filled before any agent starts.

Docker takes no file for a container whose root cannot be written to, but for what lies in a volume; and whatever is
given to a container itself (its command, its environment, its labels) is readable in `docker inspect`.
"""

import io
import re
import secrets
import tarfile
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

import docker
import pulumi
import requests
from docker.errors import APIError, DockerException, NotFound
from pulumi.dynamic import CreateResult, DiffResult

from consul_on_pulumi.model.image import GROUP, USER
from consul_on_pulumi.platforms.docker import volumes
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource

MODE = 0o400


class SecretVolumeProvider(ConsulProvider):
    """Makes another volume for another content, so that no file of before is ever found beside those of now."""

    def diff(self, _id: str, olds: Properties, news: Properties) -> DiffResult:
        """Other files, or a volume that somebody took away. The volume in use stays as it is until nobody uses it."""
        differs = olds["files"] != news["files"] or _gone(olds)
        return DiffResult(changes=differs, replaces=["files"] if differs else [], delete_before_replace=False)

    def create(self, props: Properties) -> CreateResult:
        """Make and fill it. Its name is drawn: it changes with the content, and tells nothing of it."""
        name = f"{props['prefix']}-{secrets.token_hex(4)}"
        with closing(docker.from_env()) as client:
            _sweep(client, props)
            volume = client.volumes.create(name, labels=props["labels"])
            try:
                _fill(client, name, props)
            except BaseException:
                volume.remove()
                raise
        return CreateResult(name, {**props, "volume": name})

    def delete(self, id_: str, _props: Properties) -> None:
        """Remove it with all that is in it."""
        volumes.remove(id_)


class SecretVolume(ProviderResource, module="consul-on-pulumi", name="SecretVolume"):
    """One volume that holds secret files, for all agents of a tier."""

    volume: pulumi.Output[str]
    """Its name, which no other content ever had."""

    def __init__(
        self,
        name: str,
        prefix: str,
        image: str,
        directory: str,
        labels: Mapping[str, str],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`prefix` begins its name. `image` lends the container through which it is filled, which is never started."""
        props = {
            "prefix": prefix,
            "image": image,
            "directory": directory,
            "labels": labels,
            "files": {name: pulumi.Output.secret(text) for name, text in files.items()},
        }
        super().__init__(SecretVolumeProvider(), name, props, opts, outputs=("volume",))


def _gone(props: Properties) -> bool:
    """Whether there is no such volume, or one that Docker made anew and empty; no answer is not absence."""
    try:
        with closing(docker.from_env()) as client:
            labels = client.volumes.get(props["volume"]).attrs.get("Labels") or {}
    except NotFound:
        return True
    except (DockerException, requests.RequestException):
        return False
    return not props["labels"].items() <= labels.items()


def _sweep(client: Any, props: Properties) -> None:
    """Remove what a killed engine left of the same tier, and so what no container uses: Docker refuses all else."""
    drawn = re.compile(rf"{re.escape(props['prefix'])}-[0-9a-f]{{8}}")
    for key, value in props["labels"].items():
        for left in client.volumes.list(filters={"label": f"{key}={value}"}):
            if drawn.fullmatch(left.name):
                with suppress(APIError):
                    left.remove()


def _fill(client: Any, volume: str, props: Properties) -> None:
    directory = props["directory"]
    lent = client.containers.create(
        props["image"], labels=props["labels"], volumes={volume: {"bind": directory, "mode": "rw"}}
    )
    try:
        lent.put_archive(directory, _archive(props["files"]))
    finally:
        # With the nameless volumes that the image asks for; this one has a name, and stays.
        lent.remove(v=True)


def _archive(files: Mapping[str, str]) -> bytes:
    """The files in tar's format, each for the agent's eyes alone."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in sorted(files.items()):
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.uid, entry.gid = len(content), MODE, USER, GROUP
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()

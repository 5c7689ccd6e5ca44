"""LiveFiles: secret files that agents read again while they run, in the volume of their tier."""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import CreateResult

from consul_on_pulumi.model.connection import connection_of
from consul_on_pulumi.platforms.docker import engine
from consul_on_pulumi.platforms.docker.providers.secret_volume import fill, filling
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class LiveFilesProvider(ConsulProvider):
    """Writes over the old files. They are deleted together with the volume."""

    compared = ("volume", "files")

    def create(self, props: Properties) -> CreateResult:
        """Write all files."""
        with engine.connect(connection_of(props)) as client:
            fill(client, props["volume"], props)
        return CreateResult("files", props)


class LiveFiles(ProviderResource, module="consul-on-pulumi", name="LiveFiles"):
    """Reloaded follows, and lets agents read them."""

    def __init__(
        self,
        name: str,
        volume: pulumi.Input[str],
        image: pulumi.Input[str],
        labels: Mapping[str, pulumi.Input[str]],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`volume` is that of a SecretVolume, whose other arguments these are as well."""
        props = {"volume": volume, **filling(image, labels, files)}
        super().__init__(LiveFilesProvider(), name, props, opts)

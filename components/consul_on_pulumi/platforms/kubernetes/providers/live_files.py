"""LiveFiles: the Secret with files that agents read again while they run.

Kubernetes' provider of Pulumi replaces a Secret whose data changes, and pods could not start meanwhile.
"""

import base64
from collections.abc import Mapping

import pulumi
from pulumi.dynamic import CreateResult, ReadResult

from consul_on_pulumi.platforms.kubernetes.api.api_server import ApiServer, if_answered
from consul_on_pulumi.providers.provider import ConsulProvider, Properties, ProviderResource


class LiveFilesProvider(ConsulProvider):
    """Creates the Secret and changes it in place."""

    compared = ("labels", "files")

    def drifted(self, olds: Properties, news: Properties) -> bool:
        """Whether somebody deleted the Secret or changed its data. Pods that start would wait for it."""
        return if_answered(lambda: _differs(news)) or False

    def create(self, props: Properties) -> CreateResult:
        """Write all files."""
        api, path = _place(props)
        metadata = {"name": props["secret"], "labels": props["labels"]}
        api.apply(path, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": _data(props)})
        return CreateResult(props["secret"], props)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Nothing if the Secret is gone: the next update then creates it again."""
        api, path = _place(props)
        gone = if_answered(lambda: api.find(path) is None)
        return ReadResult(None, {}) if gone else ReadResult(id_, props, props)

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the Secret."""
        api, path = _place(props)
        if found := api.find(path):
            api.delete(path, found["metadata"]["uid"])


class LiveFiles(ProviderResource, module="consul-on-pulumi", name="LiveFiles"):
    """Reloaded follows, and lets agents read them."""

    def __init__(
        self,
        name: str,
        cluster: str,
        secret: str,
        namespace: pulumi.Input[str],
        labels: Mapping[str, pulumi.Input[str]],
        files: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`secret` is the name of the Secret."""
        props = {
            "cluster": cluster,
            "secret": secret,
            "namespace": namespace,
            "labels": labels,
            "files": {name: pulumi.Output.secret(text) for name, text in files.items()},
        }
        super().__init__(LiveFilesProvider(), name, props, opts)


def _place(props: Properties) -> tuple[ApiServer, str]:
    api = ApiServer.of(props)
    return api, f"/api/v1/namespaces/{props['namespace']}/secrets/{props['secret']}"


def _data(props: Properties) -> dict[str, str]:
    return {name: base64.b64encode(text.encode()).decode() for name, text in props["files"].items()}


def _differs(props: Properties) -> bool:
    api, path = _place(props)
    found = api.find(path)
    return found is None or found.get("data", {}) != _data(props)

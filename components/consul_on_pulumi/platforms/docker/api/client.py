"""A client of the Docker engine that a connection names, also over TLS and over SSH.

Where and how it connects is what Docker's provider does with the same settings (terraform-provider-docker,
internal/provider/config.go).
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import docker

from consul_on_pulumi.model.connection import Connection
from consul_on_pulumi.platforms.docker.api import host, ssh


@contextmanager
def of(connection: Connection) -> Iterator[docker.DockerClient]:
    """A client of the engine. Raises DockerException and requests.RequestException."""
    address = host.of(connection)
    if address.startswith("ssh://"):
        address = ssh.tunnel(address, *host.ssh_options(connection)).address
    with _certificates(host.settings_of(connection)) as files:
        make = _TlsClient.from_env if "DOCKER_CERT_PATH" in files else docker.from_env
        with closing(make(environment={"DOCKER_HOST": address, **files})) as opened:
            yield opened


class _TlsApi(docker.APIClient):
    """Verifies the engine by its own authority: with `trust_env` REQUESTS_CA_BUNDLE replaces it (requests #3829)."""

    trust_env = property(lambda _api: False, lambda _api, _value: None)


class _TlsClient(docker.DockerClient):
    def __init__(self, **options: Any) -> None:
        self.api = _TlsApi(**options)


@contextmanager
def _certificates(settings: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Where the certificates are, and whether the engine's own is verified; files of this user alone as long as the
    client is open where the settings hold certificates: docker-py reads files."""
    if "cert_material" in settings and "key_material" in settings:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ca", "cert", "key"):
                Path(folder, f"{name}.pem").write_text(settings.get(f"{name}_material", ""))
            # Without an authority Docker's provider verifies nothing either.
            yield {"DOCKER_CERT_PATH": folder, "DOCKER_TLS_VERIFY": "1" if "ca_material" in settings else ""}
    elif "cert_path" in settings:
        yield {"DOCKER_CERT_PATH": str(Path(settings["cert_path"]).expanduser()), "DOCKER_TLS_VERIFY": "1"}
    else:
        yield {}

"""`consul-on-pulumi env`, `ui` and `token`: how other programs and people reach a cluster, and sign in."""

import importlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.cli.stack import Cluster
from consul_on_pulumi.consul import state_folder


def run(command: str, stack: str, name: str | None) -> Iterator[str]:
    """The lines of the `command` env, ui or token. Writes the certificate of the authority to a file.

    Ends the program with one sentence where there is no such cluster, or what is asked for.
    """
    cluster = stacks.cluster(stack, name)
    outputs = stacks.outputs(stack, cluster.name)
    if not outputs.get("http_addresses"):
        sys.exit(f"the last update of {cluster.name} did not end: run `pulumi up --stack {stack}` first")
    of = {"env": _variables, "ui": _ui, "token": _token}[command]
    return of(cluster, outputs, stack)


def _variables(cluster: Cluster, outputs: Mapping[str, Any], _stack: str) -> Iterator[str]:
    """Lines for a shell, with the credentials in plain."""
    yield _set("CONSUL_HTTP_ADDR", outputs["http_addresses"][0])
    if token := _token_of(cluster, outputs):
        yield _set("CONSUL_HTTP_TOKEN", token)
    if authority := outputs.get("authority"):
        yield _set("CONSUL_CACERT", _file(cluster, authority))


def _ui(cluster: Cluster, outputs: Mapping[str, Any], stack: str) -> Iterator[str]:
    url = next(iter(outputs.get("ui_urls") or ()), None)
    if not url:
        sys.exit(f"{cluster.name} serves no UI: set `ui_config: {{enabled: true}}` in `server_config`")
    host = urlsplit(url)
    if (host.hostname or "").endswith(".svc"):
        service, namespace = str(host.hostname).split(".")[:2]
        operations = importlib.import_module("consul_on_pulumi.platforms.kubernetes.operations")
        yield f"{operations.kubectl(cluster.group, namespace)} port-forward service/{service} 8080:80"
        host = urlsplit(url := f"http://localhost:8080{host.path}")
    yield url
    if host.scheme == "https" and (authority := outputs.get("authority")):
        file = _file(cluster, authority)
        yield f"  Browsers warn about its certificate. Import this CA certificate, or accept the warning: {file}"
    if outputs.get("management_token"):
        yield f"  Log in with the token that this prints: `consul-on-pulumi token --stack {stack}`"


def _token(cluster: Cluster, outputs: Mapping[str, Any], _stack: str) -> Iterator[str]:
    if not (token := _token_of(cluster, outputs)):
        sys.exit(f"{cluster.name} needs no token")
    yield token


def _token_of(cluster: Cluster, outputs: Mapping[str, Any]) -> str | None:
    return outputs.get("management_token") or cluster.connection.get("token")


def _file(cluster: Cluster, authority: str) -> str:
    file = state_folder.of("authorities", cluster.project, cluster.stack) / f"{cluster.name}.pem"
    file.write_text(authority)
    return str(file)


def _set(variable: str, value: str) -> str:
    return f"export {variable}={shlex.quote(value)}"

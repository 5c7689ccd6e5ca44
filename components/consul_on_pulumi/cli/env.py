"""`consul-on-pulumi env`: the variables with which the `consul` command, and other clients, reach a cluster."""

import shlex
import sys
from collections.abc import Iterator

from consul_on_pulumi.cli import stack as stacks
from consul_on_pulumi.consul import state_folder


def run(stack: str, name: str | None) -> Iterator[str]:
    """Lines for a shell, with the credentials in plain. Writes the certificate of the authority to a file.

    Ends the program with one sentence where there is no such cluster.
    """
    cluster = stacks.cluster(stack, name)
    outputs = stacks.outputs(stack, cluster.name)
    if not outputs.get("http_addresses"):
        sys.exit(f"the last update of {cluster.name} did not end: run `pulumi up --stack {stack}` first")
    yield _set("CONSUL_HTTP_ADDR", outputs["http_addresses"][0])
    if token := outputs.get("management_token") or cluster.connection.get("token"):
        yield _set("CONSUL_HTTP_TOKEN", token)
    if authority := outputs.get("authority"):
        file = state_folder.of("authorities", cluster.project, cluster.stack) / f"{cluster.name}.pem"
        file.write_text(authority)
        yield _set("CONSUL_CACERT", str(file))


def _set(variable: str, value: str) -> str:
    return f"export {variable}={shlex.quote(value)}"

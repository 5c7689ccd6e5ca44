"""What was generated for a cluster, as its owner sees it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from consul_on_pulumi.security import x509

from tests.e2e.cluster import Cluster


def of(cluster: Cluster) -> dict[str, list[dict[str, Any]]]:
    """The outputs of the resources of a closed cluster by type, in plain; empty for an open one."""
    resources = json.loads(cluster.attempt("stack", "export", "--show-secrets").stdout)["deployment"]["resources"]
    outputs: dict[str, list[dict[str, Any]]] = {}
    for found in resources:
        outputs.setdefault(found["type"].rpartition(":")[2], []).append(_plain(found.get("outputs", {})))
    return {name: outputs[name] for name in ("Credentials", "Authority", "Certificates") if name in outputs}


def secrets(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What is secret of it. Of a private key it is one line."""
    if not found:
        return []
    (credentials,), (authority,) = found["Credentials"], found["Authority"]
    files = [text for one in found["Certificates"] for name, text in one["files"].items() if name.endswith(".key")]
    keys = [pem.splitlines()[1] for pem in (authority["key"], *files)]
    return [credentials["gossip_key"], *credentials["tokens"].values(), *keys]


def stolen(found: dict[str, list[dict[str, Any]]], datacenter: str) -> dict[str, str]:
    """Certificates that a stranger may have: that of a client, and of a server one that is worth nothing."""
    if not found:
        return {}
    (authority,), now, names = found["Authority"], datetime.now(UTC), [f"server.{datacenter}.consul"]
    files = {name: text for one in found["Certificates"] for name, text in one["files"].items()}
    client = [text for name, text in files.items() if "client" in name]
    other = x509.authority("another authority", 30, now)
    own = (authority["certificate"], authority["key"])
    return {
        "client": "".join(client),
        "expired": "".join(x509.certificate(own, names, 1, now - timedelta(days=3))),
        "of another authority": "".join(x509.certificate(other, names, 30, now)),
    }


def _plain(value: Any) -> Any:
    """A value of the state without the marks of secrets."""
    if isinstance(value, dict):
        return json.loads(value["plaintext"]) if "plaintext" in value else {k: _plain(v) for k, v in value.items()}
    return value

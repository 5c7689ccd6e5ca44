"""Finding and reading a kubeconfig as kubectl does, and which cluster it means."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubernetes_plugin.objects import part
from kubernetes_plugin.settings import Settings

Kubeconfig = dict[str, Any]


class KubeconfigError(Exception):
    """There is none, or it cannot be read."""


def load(settings: Settings, env: Mapping[str, str] = os.environ) -> Kubeconfig:
    """The kubeconfig with the settings' context and cluster chosen; paths in it are absolute.

    Raises ``KubeconfigError``.
    """
    given = settings.kubeconfig
    if given and ("\n" in given or given.lstrip().startswith("{")):
        found = parse(given)
    else:
        paths = given or env.get("KUBECONFIG") or str(Path(env.get("HOME") or Path.home()) / ".kube" / "config")
        found = merged([Path(path).expanduser() for path in paths.split(os.pathsep) if path])
    return chosen(found, settings)


def parse(text: str) -> Kubeconfig:
    """A kubeconfig from its text."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"failed to parse kubeconfig: {error}") from error
    if not isinstance(found, dict):
        raise KubeconfigError("failed to parse kubeconfig: it is no YAML object")
    return found


def merged(paths: list[Path]) -> Kubeconfig:
    """Several files as one: the first to name a cluster, user, context or current context wins."""
    result: Kubeconfig = {"clusters": [], "users": [], "contexts": []}
    there = [path for path in paths if path.is_file()]
    if not there:
        raise KubeconfigError(f"there is no kubeconfig at {', '.join(map(str, paths))}")
    for path in there:
        found = absolute(parse(path.read_text()), path.parent)
        result.setdefault("current-context", "")
        result["current-context"] = result["current-context"] or found.get("current-context") or ""
        for section in ("clusters", "users", "contexts"):
            known = {entry["name"] for entry in result[section]}
            result[section] += [entry for entry in found.get(section) or [] if entry["name"] not in known]
    return result


def absolute(found: Kubeconfig, folder: Path) -> Kubeconfig:
    """The same with file names made absolute, which in a kubeconfig are relative to its folder."""
    for section, inner in (("clusters", "cluster"), ("users", "user")):
        for entry in found.get(section) or []:
            values = entry.get(inner) or {}
            for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                if values.get(key):
                    values[key] = str(folder / values[key])
    return found


def chosen(found: Kubeconfig, settings: Settings) -> Kubeconfig:
    """The same with the context and cluster that the settings ask for."""
    if settings.context:
        found = found | {"current-context": settings.context}
    name = found.get("current-context")
    context = entry(found, "contexts", name)
    if context is None:
        raise KubeconfigError(
            f"the kubeconfig has no context {name!r}" if name else "the kubeconfig chooses no context"
        )
    if settings.cluster:
        others = [other for other in found["contexts"] if other["name"] != name]
        meant = {"name": name, "context": (context.get("context") or {}) | {"cluster": settings.cluster}}
        found = found | {"contexts": [*others, meant]}
    return found


def entry(found: Kubeconfig, section: str, name: Any) -> dict[str, Any] | None:
    """The entry of that name in a section."""
    return next((one for one in found.get(section) or [] if one.get("name") == name), None)


def active_cluster(found: Kubeconfig) -> Any:
    """Address and trust of the cluster that a kubeconfig with its context chosen points to."""
    context = entry(found, "contexts", found.get("current-context"))
    return part(entry(found, "clusters", part(context, "context", "cluster")), "cluster")


def namespace(found: Kubeconfig) -> str:
    """The namespace of the chosen context; ``default`` if it names none."""
    context = entry(found, "contexts", found.get("current-context"))
    return str(part(context, "context", "namespace") or "default")

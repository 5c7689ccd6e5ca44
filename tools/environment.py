"""The variables under which plain `pulumi` commands work here, as lines for a shell."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain import credentials, docker_plugin, engine, kubernetes_plugin, language_host, places, search_path
from toolchain.found import Found, Origin
from toolchain.kubernetes import cluster, existing, programs

# These name this clone, so that the values of another one do not stay.
OURS = ("PATH", "PULUMI_RUNTIME_VIRTUALENV")


def tools() -> list[Found]:
    """What the variables depend on."""
    pulumi = engine.find()
    plugins = [docker_plugin.PLUGIN.find(), kubernetes_plugin.PLUGIN.find()]
    return [pulumi, language_host.find(pulumi), *plugins, programs.kubectl()]


def variables(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to set; anything that the user set already is left out."""
    result = {
        "PATH": path(found, env),
        # The built language host reads no `virtualenv` option from Pulumi.yaml.
        "PULUMI_RUNTIME_VIRTUALENV": str(places.VENV),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # `pulumi refresh` would otherwise leave the stack's outputs as they were.
        "PULUMI_RUN_PROGRAM": "true",
        # A stack file without a salt (see stack_files) must not get a new one while the state has one.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    plugins = (docker_plugin.PLUGIN.tool, kubernetes_plugin.PLUGIN.tool)
    if any(tool.tool in plugins and tool.origin is Origin.BUILT for tool in found):
        # Nothing can be downloaded here; each run would first try for seconds to fetch plugins that it may not need.
        result["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if not credentials.chosen_backend(env):
        folder = credentials.backend_folder(env)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        result["PULUMI_BACKEND_URL"] = folder.as_uri()
    if not credentials.chosen_passphrase(env):
        result["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(credentials.passphrase_file(env))
    kubeconfig = cluster.running()
    if kubeconfig and not existing.own_environment(env).get("KUBECONFIG"):
        result["KUBECONFIG"] = str(kubeconfig)
    return {name: value for name, value in result.items() if name in OURS or not env.get(name)}


def path(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> str:
    """PATH with the virtual environment and our own tools first, each once."""
    own = [str(Path(tool.path).parent) for tool in found if tool.present and is_ours(tool, env)]
    folders = [str(places.VENV / "bin"), *own, *search_path.without_ours(env)]
    return os.pathsep.join(dict.fromkeys(folders))


def is_ours(tool: Found, env: Mapping[str, str]) -> bool:
    """Whether a tool lies in the cache, where nothing else would find it."""
    return Path(tool.path).is_relative_to(places.cache(env))


def lines(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> list[str]:
    """Lines for `eval`."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables(found, env).items()]

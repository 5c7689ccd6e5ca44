"""The variables with which plain `pulumi` commands work, as lines for a shell."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools import places
from tools.found import Found, Origin
from tools.kubernetes import cluster, existing, programs
from tools.pulumi import credentials, engine, language_host, node, plugins

# These replace values that are already set: another clone may have exported its own.
OURS = ("PATH", "PULUMI_HOME", "PULUMI_CREDENTIALS_PATH", "PYTHONDONTWRITEBYTECODE")


def tools() -> list[Found]:
    """The tools that the variables depend on."""
    pulumi = engine.find()
    found = [pulumi, language_host.find(pulumi), *(plugin.find() for plugin in plugins.ALL), programs.kubectl()]
    return [*found, node.find()]


def variables(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables to set. What the user has set already is left out."""
    result = {
        "PATH": path(found, env),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # uv installs no bytecode: if Python may not write it, each preview compiles Pulumi's SDK, in two processes.
        "PYTHONDONTWRITEBYTECODE": "",
        # Without it `pulumi refresh` leaves the outputs of the stack as they were.
        "PULUMI_RUN_PROGRAM": "true",
        # A stack file without a salt (see stack_files) must not get a new one if the state has one.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    if any(tool.tool.endswith(" plugin") and tool.origin is Origin.BUILT for tool in found):
        result |= plugins.variables(env)
        # Downloads do not work here, and without this every run tries one for each plugin that is not there.
        result["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if not credentials.chosen_backend(env):
        folder = places.state(env) / "stacks"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        result["PULUMI_BACKEND_URL"] = folder.as_uri()
    if not credentials.chosen_passphrase(env):
        result["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(credentials.passphrase_file(env))
    kubeconfig = cluster.running()
    if kubeconfig and not existing.own_environment(env).get("KUBECONFIG"):
        result["KUBECONFIG"] = str(kubeconfig)
    return {name: value for name, value in result.items() if name in OURS or not env.get(name)}


def path(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> str:
    """PATH with the virtual environment and the tools in the cache first, each folder once."""
    cached = [Path(tool.path).parent for tool in found if Path(tool.path).is_relative_to(places.cache(env))]
    # Plugins are found in PULUMI_HOME; the engine warns about plugins on PATH.
    own = [str(folder) for folder in cached if not folder.is_relative_to(plugins.ours())]
    return os.pathsep.join(dict.fromkeys([str(places.VENV / "bin"), *own, *places.search_path(env)]))


def lines(found: Sequence[Found], env: Mapping[str, str] = os.environ) -> list[str]:
    """Lines for `eval`."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables(found, env).items()]

"""Where files are: the repository, the cache (safe to delete), the state (not safe to delete), the user's commands."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

NAME = "consul-on-pulumi"
ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "tools" / "modules"
VENV = ROOT / ".venv"


def cache(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of finished builds and downloads."""
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME


def state(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the stacks' state, the passphrase and the logs."""
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / NAME


def search_path(env: Mapping[str, str] = os.environ) -> list[str]:
    """The folders of PATH without those that `eval "$(make -s env)"` added."""
    ours = (cache(env), VENV)
    folders = env.get("PATH", os.defpath).split(os.pathsep)
    return [folder for folder in folders if folder and not any(Path(folder).is_relative_to(own) for own in ours)]


def installed(command: str, env: Mapping[str, str] = os.environ) -> Path | None:
    """The command that the user installed, or None."""
    found = shutil.which(command, path=os.pathsep.join(search_path(env)))
    return Path(found) if found else None

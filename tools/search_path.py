"""Looking a command up as the user's own shell would."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from toolchain import places


def without_ours(env: Mapping[str, str] = os.environ) -> list[str]:
    """The folders of PATH that this package did not put there (``eval "$(make -s env)"`` does)."""
    ours = (places.cache(env), places.VENV)
    folders = env.get("PATH", os.defpath).split(os.pathsep)
    return [folder for folder in folders if folder and not any(Path(folder).is_relative_to(own) for own in ours)]


def installed(command: str, env: Mapping[str, str] = os.environ) -> Path | None:
    """The command that the user installed, if there is one."""
    found = shutil.which(command, path=os.pathsep.join(without_ours(env)))
    return Path(found) if found else None

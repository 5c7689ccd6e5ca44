"""A PULUMI_HOME of our own for the plugins that were built.

The engine uses any plugin whose folder has the version that an SDK asks for. In the user's own PULUMI_HOME a built
plugin would replace the official one in all of the user's projects. Ours is in the cache. Credentials, logins and
downloaded plugins stay in the user's: PULUMI_CREDENTIALS_PATH names it, and each plugin in it is linked into ours.
"""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tools import places

PREFIX = "pulumi-home-"
# A file in the plugins that earlier versions of this package built and installed in the user's PULUMI_HOME.
EARLIER = "built-from"


def of_user(env: Mapping[str, str] = os.environ) -> Path:
    """The user's PULUMI_HOME, also in a shell that has ours."""
    chosen = env.get("PULUMI_HOME")
    if chosen and chosen.startswith(str(places.cache(env) / PREFIX)):
        chosen = env.get("PULUMI_CREDENTIALS_PATH")
    return Path(chosen or Path(env.get("HOME") or Path.home()) / ".pulumi")


def variables(ours: Path, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that select our PULUMI_HOME and keep the user's credentials."""
    user = of_user(env)
    link_plugins(user / "plugins", ours / "plugins")
    without_logs(ours)
    return {"PULUMI_HOME": str(ours), "PULUMI_CREDENTIALS_PATH": env.get("PULUMI_CREDENTIALS_PATH") or str(user)}


def link_plugins(users: Path, ours: Path) -> None:
    """Links the user's plugins. The engine ignores a link to a folder, so each file in it gets a link."""
    for plugin in users.glob("*-v*"):
        target = ours / plugin.name
        if not plugin.is_dir() or target.exists() or (plugin / EARLIER).exists():
            continue
        partial = target.with_name(f".{plugin.name}.{os.getpid()}")
        partial.mkdir(parents=True)
        for file in plugin.iterdir():
            (partial / file.name).symlink_to(file)
        partial.rename(target)


def without_logs(ours: Path) -> None:
    """Keeps the engine from writing a log of each command, a third of its processor time in a preview of 33 agents.

    No variable turns these logs off. The engine goes on without one where it can make no folder for them.
    """
    logs = ours / "logs"
    if logs.is_file():
        return
    shutil.rmtree(logs, ignore_errors=True)
    ours.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        logs.touch(exist_ok=False)

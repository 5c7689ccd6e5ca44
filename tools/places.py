"""Where things are kept: the repository, the cache (can be deleted), the state (must not)."""

import os
from collections.abc import Mapping
from pathlib import Path

NAME = "consul-on-pulumi"
ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "toolchain" / "modules"
VENV = ROOT / ".venv"


def cache(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of finished builds and downloads."""
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME


def state(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the stacks' state, the passphrase and the daemon's log."""
    return Path(env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / NAME


def pulumi_home(env: Mapping[str, str] = os.environ) -> Path:
    """The engine's own folder of plugins and credentials."""
    return Path(env.get("PULUMI_HOME") or Path.home() / ".pulumi")

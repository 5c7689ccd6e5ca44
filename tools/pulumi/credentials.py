"""The backend and the passphrase: the user's own, else a folder and a random passphrase of this machine."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from tools import places
from tools.builds import cache
from tools.pulumi import home, stack_files


def chosen_backend(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the user chose a backend, by a variable or by `pulumi login`."""
    if env.get("PULUMI_BACKEND_URL") or env.get("PULUMI_ACCESS_TOKEN"):
        return True
    folder = Path(env.get("PULUMI_CREDENTIALS_PATH") or home.of_user(env))
    try:
        stored = json.loads((folder / "credentials.json").read_text())
    except (OSError, ValueError):
        return False
    return bool(isinstance(stored, dict) and stored.get("current"))


def chosen_passphrase(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the user chose a passphrase. An empty one counts; ours, exported earlier, does not."""
    file = env.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    return "PULUMI_CONFIG_PASSPHRASE" in env or bool(file and Path(file) != passphrase_path(env))


def passphrase_path(env: Mapping[str, str] = os.environ) -> Path:
    """The file of our passphrase."""
    return places.state(env) / "passphrase"


def passphrase_file(env: Mapping[str, str] = os.environ) -> Path:
    """The file of our passphrase, made once; only its owner can read it."""
    path = passphrase_path(env)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with cache.lock("passphrase", "Another process makes the passphrase; waiting for it."):
        if not path.exists():
            partial = path.with_name(".passphrase")
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
            stack_files.forget_salts()
            os.replace(partial, path)
    return path

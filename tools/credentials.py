"""Which backend and passphrase the engine uses: the user's own choices win over ours."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from toolchain import places, stack_files


def chosen_backend(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the user already chose a backend, by a variable or by `pulumi login`."""
    if env.get("PULUMI_BACKEND_URL") or env.get("PULUMI_ACCESS_TOKEN"):
        return True
    try:
        stored = json.loads((places.pulumi_home(env) / "credentials.json").read_text())
    except (OSError, ValueError):
        return False
    return bool(isinstance(stored, dict) and stored.get("current"))


def chosen_passphrase(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the user already chose a passphrase; an empty one is a choice, ours in an earlier `eval` is not."""
    file = env.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    return "PULUMI_CONFIG_PASSPHRASE" in env or bool(file and Path(file) != passphrase_path(env))


def passphrase_path(env: Mapping[str, str] = os.environ) -> Path:
    """Where our passphrase is kept."""
    return places.state(env) / "passphrase"


def backend_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where stacks are kept unless the user chose otherwise."""
    return places.state(env) / "stacks"


def passphrase_file(env: Mapping[str, str] = os.environ) -> Path:
    """A random passphrase of this machine, made once; only its owner can read it."""
    path = passphrase_path(env)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        partial = path.with_name(f".passphrase.{os.getpid()}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        try:
            # Fails where another process was faster; its passphrase may already protect something.
            os.link(partial, path)
            stack_files.forget_salts()
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return path

"""Keeps the salt of this machine's passphrase out of the committed stack files.

The engine encrypts a stack's secrets with a key made from the passphrase and a salt, and writes the salt into
``Pulumi.STACK.yaml`` as ``encryptionsalt``, a line that fits no other passphrase. No setting prevents it: on a file
without a salt the engine takes the one in the stack's state (PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER) or makes one,
then saves the file, rewritten in its own style. A salt committed for everybody would need one passphrase for
everybody, which is no secret, and ``--config-file`` would hide the committed file.

So the line stands in the work tree, where the engine then has no reason to save the file and where
``pulumi config set --secret`` needs it, but git never sees it: ``.gitattributes`` names a filter for these files, and
``setup`` defines it in the clone's own configuration. It takes the line out of what is committed and puts it into what
is checked out. Where it is not defined git ignores the name.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from toolchain import places
from toolchain.errors import SetupError

KEY = "encryptionsalt:"
FILTER = "filter.pulumi-salt"
# Only what every git has beside it: the filter must work without this package.
CLEAN = f"sed '/^{KEY}/d'"


def setup(pulumi: str, passphrase: Path) -> None:
    """Gives every stack file a salt and hides it from git."""
    if not salt_file().exists():
        make_salt(pulumi, passphrase)
    for path in paths():
        text = path.read_text()
        if f"\n{KEY}" not in f"\n{text}":
            path.write_text(text + salt_file().read_text())
    if is_clone():
        define_filter()
        tell_git()


def withdraw() -> None:
    """Takes our salt back where the user has a passphrase of their own: it would not fit."""
    if salt_file().exists():
        strip(salt_file().read_text().strip())
    if is_clone() and git("config", "--local", "--get", f"{FILTER}.clean"):
        git("config", "--local", "--remove-section", FILTER)
        tell_git()


def is_clone() -> bool:
    """Whether there is a git to hide anything from."""
    return bool(shutil.which("git")) and (places.ROOT / ".git").exists()


def paths() -> list[Path]:
    """The stack files."""
    return sorted(places.ROOT.glob("Pulumi.*.yaml"))


def salt_file() -> Path:
    """The line that fits this machine's passphrase."""
    return places.state() / "salt"


def make_salt(pulumi: str, passphrase: Path) -> None:
    """Lets the engine make a salt for a stack of no consequence: salts fit a passphrase, not a stack."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: salt\nruntime: python\n")
        env = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        env |= {
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        env |= {"PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)}
        command = [pulumi, "stack", "init", "salt", "--non-interactive"]
        made = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        written = folder / "Pulumi.salt.yaml"
        if made.returncode or not written.exists():
            raise SetupError(f"the engine made no salt ({made.stderr.strip()[-200:]}); run it again.")
        line = next(line for line in written.read_text().splitlines() if line.startswith(KEY))
    partial = salt_file().with_suffix(".partial")
    partial.write_text(line + "\n")
    os.replace(partial, salt_file())


def git(*arguments: str) -> str | None:
    """What git answers, or None when it fails."""
    command = ["git", "-C", str(places.ROOT), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if answer.returncode else answer.stdout.strip()


def define_filter() -> None:
    """Defines the filter in this clone."""
    smudge = f"{CLEAN}; cat {shlex.quote(str(salt_file()))}"
    for name, command in ((f"{FILTER}.clean", CLEAN), (f"{FILTER}.smudge", smudge)):
        if git("config", "--local", "--get", name) != command:
            git("config", "--local", name, command)


def tell_git() -> None:
    """Lets git note the new size of files that only gained their salt: it takes any other size for a change."""
    for name in (git("ls-files", "--modified", "--", "Pulumi.*.yaml") or "").splitlines():
        if git("diff", "--quiet", "--", name) is not None:
            git("update-index", "--", name)


def forget_salts() -> None:
    """Removes salts that belong to a passphrase that is gone: the engine would refuse the new one."""
    salt_file().unlink(missing_ok=True)
    strip(KEY)


def strip(start: str) -> None:
    """Removes lines that start so, but no salt of encrypted values: without it they are lost."""
    for path in paths():
        text = path.read_text()
        kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(start))
        if kept != text and "secure:" not in text:
            path.write_text(kept)

"""Keeps the salt of this machine's passphrase out of git.

The engine encrypts secrets with a key made from the passphrase and a salt, and writes the salt to
``Pulumi.STACK.yaml`` as ``encryptionsalt``. The salt fits this machine's passphrase only, so it must not be committed.
No setting of Pulumi keeps it out of the file, and ``pulumi config set --secret`` needs it there.

So the line is in the work tree, and a git filter hides it: ``.gitattributes`` names the filter, and ``setup`` defines
it in the configuration of the clone. It removes the line from what is committed and adds it to what is checked out.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools import places
from tools.found import SetupError

KEY = "encryptionsalt:"
FILTER = "filter.pulumi-salt"
# The filter must work without this package, so it uses sed.
CLEAN = f"sed '/^{KEY}/d'"


def setup(pulumi: str, passphrase: Path) -> None:
    """Adds the salt to every stack file and hides it from git."""
    if not salt_file().exists():
        make_salt(pulumi, passphrase)
    for path in paths():
        text = path.read_text()
        if f"\n{KEY}" not in f"\n{text}":
            path.write_text(text + salt_file().read_text())
    if _is_clone():
        define_filter()
        tell_git()


def withdraw() -> None:
    """Removes our salt, which does not fit a passphrase of the user."""
    if salt_file().exists():
        strip(salt_file().read_text().strip())
    if _is_clone() and git("config", "--local", "--get", f"{FILTER}.clean"):
        git("config", "--local", "--remove-section", FILTER)
        tell_git()


def _is_clone() -> bool:
    return bool(shutil.which("git")) and (places.ROOT / ".git").exists()


def paths() -> list[Path]:
    """The stack files."""
    return sorted(places.ROOT.glob("Pulumi.*.yaml"))


def salt_file() -> Path:
    """The file with the salt's line."""
    return places.state() / "salt"


def make_salt(pulumi: str, passphrase: Path) -> None:
    """Lets the engine make a salt for a temporary stack: a salt depends on the passphrase, not on the stack."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: salt\nruntime: python\n")
        env = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        env |= {
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_BACKEND_URL": folder.as_uri(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        }
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
    """The output of git, or None if it fails."""
    command = ["git", "-C", str(places.ROOT), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if answer.returncode else answer.stdout.strip()


def define_filter() -> None:
    """Defines the filter in this clone."""
    smudge = f"{CLEAN}; cat {shlex.quote(str(salt_file()))}"
    for name, command in ((f"{FILTER}.clean", CLEAN), (f"{FILTER}.smudge", smudge)):
        git("config", "--local", name, command)


def tell_git() -> None:
    """Updates the sizes in the index, because git reports a file with another size as changed."""
    for name in (git("ls-files", "--modified", "--", "Pulumi.*.yaml") or "").splitlines():
        if git("diff", "--quiet", "--", name) is not None:
            git("update-index", "--", name)


def forget_salts() -> None:
    """Removes the salts of an earlier passphrase, because the engine would refuse the new one."""
    salt_file().unlink(missing_ok=True)
    strip(KEY)


def strip(start: str) -> None:
    """Removes lines with that start, except in files with secrets, which could not be decrypted without them."""
    for path in paths():
        text = path.read_text()
        kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(start))
        if kept != text and "secure:" not in text:
            path.write_text(kept)

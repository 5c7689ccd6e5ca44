import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import script
from tools import places
from tools.found import SetupError
from tools.pulumi import credentials, stack_files

FILE = 'config:\n  # How many\n  p:servers: "3"\n'
SALT = "encryptionsalt: v1:FxLLUdYUpSo=:v1:apB1Rr12VZTNCs99:N6AL2n1kqCpc8AzIRvDAEHRjvBxwjQ==\n"


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=places.ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "clone"
    root.mkdir()
    attributes = (places.ROOT / ".gitattributes").read_text()
    monkeypatch.setattr(places, "ROOT", root)
    (root / ".gitattributes").write_text(attributes)
    (root / "Pulumi.dev.yaml").write_text(FILE)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    return root


@pytest.fixture
def pulumi(bin_folder: Path) -> str:
    """An engine that writes a salt as the real one does."""
    return str(script(bin_folder / "pulumi", f"printf 'config: {{}}\\n{SALT.strip()}\\n' > Pulumi.salt.yaml"))


def setup(pulumi: str) -> None:
    stack_files.setup(pulumi, credentials.passphrase_file())


def test_a_salt_in_the_work_tree_is_no_change(clone: Path, pulumi: str) -> None:
    setup(pulumi)
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE + SALT
    assert git("status", "--short") == ""
    git("add", "--all")
    assert git("diff", "--cached") == ""


def test_it_is_done_once(clone: Path, pulumi: str) -> None:
    setup(pulumi)
    Path(pulumi).unlink()
    setup(pulumi)
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE + SALT


def test_any_other_change_is_one(clone: Path, pulumi: str) -> None:
    setup(pulumi)
    (clone / "Pulumi.dev.yaml").write_text(FILE.replace("3", "5") + SALT)
    setup(pulumi)
    assert git("status", "--short") == " M Pulumi.dev.yaml\n"
    assert "encryptionsalt" not in git("diff")


def test_a_change_of_before_is_not_staged(clone: Path, pulumi: str) -> None:
    (clone / "Pulumi.dev.yaml").write_text(FILE.replace("3", "5"))
    setup(pulumi)
    assert git("status", "--short") == " M Pulumi.dev.yaml\n"


def test_a_checkout_brings_the_salt(clone: Path, pulumi: str) -> None:
    setup(pulumi)
    (clone / "Pulumi.dev.yaml").unlink()
    git("checkout", "--", "Pulumi.dev.yaml")
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE + SALT
    assert git("status", "--short") == ""


def test_our_salt_goes_when_the_user_has_a_passphrase(clone: Path, pulumi: str) -> None:
    setup(pulumi)
    stack_files.withdraw()
    stack_files.withdraw()
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE
    assert git("status", "--short") == ""
    theirs = FILE + SALT.replace("v1:F", "v1:G")
    (clone / "Pulumi.dev.yaml").write_text(theirs)
    stack_files.withdraw()
    assert (clone / "Pulumi.dev.yaml").read_text() == theirs


def test_a_folder_that_is_no_clone_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pulumi: str) -> None:
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text(FILE)
    setup(pulumi)
    assert (tmp_path / "Pulumi.dev.yaml").read_text() == FILE + SALT


def test_an_engine_without_a_salt_gets_a_sentence(clone: Path, bin_folder: Path) -> None:
    with pytest.raises(SetupError, match="made no salt"):
        setup(str(script(bin_folder / "pulumi", "exit 1")))


def test_a_new_passphrase_makes_old_salts_go(clone: Path) -> None:
    (clone / "Pulumi.dev.yaml").write_text(FILE + SALT)
    stack_files.salt_file().parent.mkdir(parents=True)
    stack_files.salt_file().write_text(SALT)
    credentials.passphrase_file()
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE
    assert not stack_files.salt_file().exists()
    (clone / "Pulumi.dev.yaml").write_text(FILE + SALT)
    credentials.passphrase_file()
    assert (clone / "Pulumi.dev.yaml").read_text() == FILE + SALT


def test_a_file_with_secrets_keeps_its_salt(clone: Path) -> None:
    text = FILE + "  p:token:\n    secure: v1:abc\n" + SALT
    (clone / "Pulumi.dev.yaml").write_text(text)
    credentials.passphrase_file()
    assert (clone / "Pulumi.dev.yaml").read_text() == text

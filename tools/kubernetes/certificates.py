"""The certificates of one cluster: an authority of its own and what it signs, made by openssl."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import debian
from toolchain.errors import SetupError

DAYS = 3650
# Without a section for extensions, so that a certificate has those of its command line and no others.
SETTINGS = "[req]\ndistinguished_name = name\n[name]\n"
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
LEAF = (
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth",
)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Who signs everything in one cluster, and the folder where it lies."""

    folder: Path

    @property
    def pair(self) -> Pair:
        """Its own certificate and key."""
        return pair(self.folder, "ca")

    def issue(self, name: str, subject: str, addresses: Sequence[str] = ()) -> Pair:
        """A pair for a server and client, made once; ``subject`` like ``/O=system:nodes/CN=system:node:a``.

        ``addresses`` are alternative names as openssl spells them: ``DNS:localhost``, ``IP:127.0.0.1``.
        """
        made = pair(self.folder, name)
        if not made.certificate.exists():
            extensions = [*LEAF, *([f"subjectAltName={','.join(addresses)}"] if addresses else [])]
            signer = ["-CA", str(self.pair.certificate), "-CAkey", str(self.pair.key)]
            request(made, subject, extensions, signer)
        return made


def authority(folder: Path) -> Authority:
    """The authority of a folder, made once."""
    made = pair(folder, "ca")
    if not made.certificate.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "openssl.cnf").write_text(SETTINGS)
        request(made, "/CN=consul-on-pulumi", AUTHORITY, ())
    return Authority(folder)


def pair(folder: Path, name: str) -> Pair:
    """Where a pair lies."""
    return Pair(folder / f"{name}.crt", folder / f"{name}.key")


def request(made: Pair, subject: str, extensions: Sequence[str], signer: Sequence[str]) -> None:
    """Makes a key and its certificate; the certificate gets its name last, so that it tells that both are there."""
    partial = made.certificate.with_suffix(".partial")
    options = [option for extension in extensions for option in ("-addext", extension)]
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", str(made.key))
    settings = ("-config", str(made.key.parent / "openssl.cnf"), "-days", str(DAYS), "-subj", subject)
    openssl("req", "-x509", *key, *settings, *options, *signer, "-out", str(partial))
    partial.rename(made.certificate)


def openssl(*arguments: str) -> None:
    """Runs openssl, installed if need be; it makes key files for their owner alone."""
    if not shutil.which("openssl"):
        debian.install("openssl", instead="install openssl")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(
            f"openssl {arguments[0]} failed ({done.stderr.strip()[-200:]}); openssl 3.0 or newer is needed."
        )

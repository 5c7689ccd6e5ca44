"""The CA of one cluster, the certificates that it signs, made by openssl, and the kubeconfigs with them."""

import base64
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.builds import debian
from tools.found import SetupError
from tools.kubernetes.files import filled

DAYS = 3650
# No section for extensions: a certificate has only those on its command line.
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
    """The CA of one cluster; ``folder`` has all certificates."""

    folder: Path

    @property
    def pair(self) -> Pair:
        """The CA's own certificate and key."""
        return _pair(self.folder, "ca")

    def issue(self, name: str, subject: str, addresses: Sequence[str] = ()) -> Pair:
        """A pair for servers and clients, made once; ``subject`` like ``/O=system:nodes/CN=system:node:a``.

        ``addresses`` are subject alternative names, like ``DNS:localhost`` and ``IP:127.0.0.1``.
        """
        made = _pair(self.folder, name)
        if not made.certificate.exists():
            extensions = [*LEAF, *([f"subjectAltName={','.join(addresses)}"] if addresses else [])]
            signer = ["-CA", str(self.pair.certificate), "-CAkey", str(self.pair.key)]
            request(made, subject, extensions, signer)
        return made


def authority(folder: Path) -> Authority:
    """The CA in a folder, made once."""
    made = _pair(folder, "ca")
    if not made.certificate.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "openssl.cnf").write_text(SETTINGS)
        request(made, "/CN=consul-on-pulumi", AUTHORITY, ())
    return Authority(folder)


def _pair(folder: Path, name: str) -> Pair:
    return Pair(folder / f"{name}.crt", folder / f"{name}.key")


def request(made: Pair, subject: str, extensions: Sequence[str], signer: Sequence[str]) -> None:
    """Makes a key and a certificate. The certificate is renamed last, so if it exists both are complete."""
    partial = made.certificate.with_suffix(".partial")
    options = [option for extension in extensions for option in ("-addext", extension)]
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", str(made.key))
    settings = ("-config", str(made.key.parent / "openssl.cnf"), "-days", str(DAYS), "-subj", subject)
    if not shutil.which("openssl"):
        debian.install("openssl", instead="install openssl")
    # openssl writes keys with mode 0600.
    command = ["openssl", "req", "-x509", *key, *settings, *options, *signer, "-out", str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"openssl req failed ({done.stderr.strip()[-200:]}); openssl 3.0 or newer is needed.")
    partial.rename(made.certificate)


def kubeconfig(path: Path, server: str, authority: Path, client: Pair) -> Path:
    """Writes a kubeconfig with one context and its certificates, with mode 0600."""
    files = {"authority": authority, "certificate": client.certificate, "key": client.key}
    data = {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(filled("kubeconfig.json", server=server, **data))
    os.replace(partial, path)
    return path

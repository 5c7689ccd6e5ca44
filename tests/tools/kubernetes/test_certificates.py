import base64
import json
import stat
import subprocess
from pathlib import Path

import pytest

from tools.found import SetupError
from tools.kubernetes.control_plane import certificates


def text(certificate: Path) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-text"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_what_it_signs_is_trusted_and_signs_nothing_itself(tmp_path: Path) -> None:
    authority = certificates.authority(tmp_path)
    made = authority.issue("node", "/O=system:nodes/CN=system:node:a", ["DNS:a", "IP:10.0.0.1"])

    check = ["openssl", "verify", "-CAfile", str(authority.pair.certificate), str(made.certificate)]
    subprocess.run(check, check=True, capture_output=True)
    shown = text(made.certificate)
    assert "O = system:nodes, CN = system:node:a" in shown
    assert "DNS:a, IP Address:10.0.0.1" in shown
    assert shown.count("CA:FALSE") == 1
    assert "CA:TRUE" not in shown


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    made = certificates.authority(tmp_path).issue("client", "/CN=client")

    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600


def test_each_is_made_once(tmp_path: Path) -> None:
    first = certificates.authority(tmp_path).issue("client", "/CN=client")
    before = first.certificate.read_bytes()

    assert certificates.authority(tmp_path).issue("client", "/CN=client") == first
    assert first.certificate.read_bytes() == before


def test_an_interrupted_one_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "client.key").write_text("half")
    made = certificates.authority(tmp_path).issue("client", "/CN=client")

    assert "PRIVATE KEY" in made.key.read_text()


def test_a_refusal_says_what_openssl_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="or newer is needed"):
        certificates.authority(tmp_path).issue("client", "no subject")


def test_a_kubeconfig_holds_all_it_needs(tmp_path: Path) -> None:
    authority = certificates.authority(tmp_path)
    client = authority.issue("client", "/CN=client")
    path = certificates.kubeconfig(tmp_path / "kubeconfig", "https://10.0.0.1:6443", authority.pair.certificate, client)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text())
    assert content["clusters"][0]["cluster"]["server"] == "https://10.0.0.1:6443"
    assert base64.b64decode(content["users"][0]["user"]["client-key-data"]) == client.key.read_bytes()
    assert content["current-context"] == content["contexts"][0]["name"]

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tools.docker import image as consul_image
from tools.docker import layer as archives


def test_an_archive_has_the_name_and_the_digest_of_its_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    layer, output = tmp_path / "layer", tmp_path / "image.tar"
    layer.write_bytes(b"a file system")

    archives.write_image(output, "place/name:1", layer, {"Cmd": ["run"]})

    with tarfile.open(output) as archive:
        files = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    [manifest] = json.loads(files["manifest.json"])
    assert manifest["RepoTags"] == ["place/name:1"]
    assert [files[name] for name in manifest["Layers"]] == [b"a file system"]
    image = json.loads(files[manifest["Config"]])
    assert manifest["Config"] == f"{hashlib.sha256(files[manifest['Config']]).hexdigest()}.json"
    assert image["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(b'a file system').hexdigest()}"]
    assert (image["config"], image["architecture"]) == ({"Cmd": ["run"]}, "amd64")


def test_the_settings_are_those_of_the_official_image() -> None:
    settings = consul_image.config()

    assert settings["Cmd"] == ["agent", "-dev", "-client", "0.0.0.0"]
    assert settings["Entrypoint"] == ["docker-entrypoint.sh"]
    assert settings["Volumes"] == {"/consul/data": {}}
    assert {"8500/tcp", "8600/udp"} <= set(settings["ExposedPorts"])

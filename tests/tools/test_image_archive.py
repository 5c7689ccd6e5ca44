import hashlib
import json
import tarfile
from pathlib import Path

from tools import consul_image, image_archive


def test_an_archive_names_its_image_and_tells_of_its_layer_what_is_true(tmp_path: Path) -> None:
    layer, output = tmp_path / "layer", tmp_path / "image.tar"
    layer.write_bytes(b"a file system")

    image_archive.write(output, "place/name:1", layer, {"Cmd": ["run"]}, "amd64")

    with tarfile.open(output) as archive:
        files = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    [manifest] = json.loads(files["manifest.json"])
    assert manifest["RepoTags"] == ["place/name:1"]
    assert [files[name] for name in manifest["Layers"]] == [b"a file system"]
    image = json.loads(files[manifest["Config"]])
    assert manifest["Config"] == f"{hashlib.sha256(files[manifest['Config']]).hexdigest()}.json"
    assert image["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(b'a file system').hexdigest()}"]
    assert (image["config"], image["architecture"]) == ({"Cmd": ["run"]}, "amd64")


def test_docker_and_containerd_get_the_same_settings() -> None:
    settings, options = consul_image.config(), consul_image.options()

    assert 'CMD ["agent", "-dev", "-client", "0.0.0.0"]' in options
    assert 'ENTRYPOINT ["docker-entrypoint.sh"]' in options
    assert settings["Entrypoint"] == ["docker-entrypoint.sh"]
    assert {"8500/tcp", "8600/udp"} <= set(settings["ExposedPorts"])
    assert {"EXPOSE 8500/tcp", "EXPOSE 8600/udp", "VOLUME /consul/data"} <= set(options)

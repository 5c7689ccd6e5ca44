"""An image of one layer as an archive that any container runtime loads, made without one."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

from toolchain import image_tar


def write(output: Path, name: str, layer: Path, config: dict[str, Any], architecture: str) -> None:
    """Writes the format of `docker save`; ``config`` is the image's own, as the OCI spells it."""
    with open(layer, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    image = {
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    content = json.dumps(image).encode()
    config_name = f"{hashlib.sha256(content).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(output, "w", format=tarfile.GNU_FORMAT) as archive:
        image_tar.add_bytes(archive, config_name, content)
        image_tar.add_bytes(archive, "manifest.json", json.dumps(manifest).encode())
        info = image_tar.entry("layer.tar", 0o644, 0, 0)
        info.size = layer.stat().st_size
        with open(layer, "rb") as file:
            archive.addfile(info, file)

import tarfile
from pathlib import Path

import pytest

from tools.docker import image
from tools.docker import layer as image_tar


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("consul", "busybox"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "docker-entrypoint.sh").write_text("#!/usr/bin/dumb-init /bin/sh\nexec su-exec consul consul\n")
    output = tmp_path / "image.tar"
    write(tmp_path, output)
    return output


def write(folder: Path, output: Path) -> None:
    image_tar.write(
        output,
        consul=folder / "consul",
        busybox=folder / "busybox",
        applets=["sh", "ls", "busybox"],
        entry_point=folder / "docker-entrypoint.sh",
        certificates=None,
    )


def test_the_same_inputs_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    write(tmp_path, tmp_path / "again.tar")
    assert archive.read_bytes() == (tmp_path / "again.tar").read_bytes()


def test_the_layout_is_the_official_one(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar}
        data = members["consul/data"]
        assert (data.uid, data.gid, data.mode) == (100, 1000, 0o755)
        assert members["tmp"].mode == 0o1777
        assert members["usr/local/bin/docker-entrypoint.sh"].mode == 0o755
        assert members["bin/sh"].linkname == "/bin/busybox"
        assert members["bin/busybox"].isreg()
        script = tar.extractfile("usr/local/bin/docker-entrypoint.sh")
        assert script is not None
        assert script.read().startswith(b"#!/bin/sh\n"), "dumb-init is not in the image"
        assert members["sbin/su-exec"].mode == 0o755
        passwd = tar.extractfile("etc/passwd")
        assert passwd is not None
        assert b"consul:x:100:1000:" in passwd.read()
        assert {member.mtime for member in tar} == {0}
    parents = {str(Path(name).parent) for name in members} - {"."}
    assert parents <= set(members)


def test_a_program_with_a_loader_is_not_static(tmp_path: Path) -> None:
    (tmp_path / "dynamic").write_bytes(b"\x7fELF....\0/lib64/ld-linux-x86-64.so.2\0")
    (tmp_path / "static").write_bytes(b"\x7fELF....")
    assert not image_tar.is_static(tmp_path / "dynamic")
    assert image_tar.is_static(tmp_path / "static")
    (tmp_path / "script").write_text("#!/bin/sh\n")
    assert not image_tar.is_static(tmp_path / "script")


def test_the_image_says_where_it_comes_from() -> None:
    assert image.config()["Labels"][image.LABEL] == image.recipe()
    assert (image.CONSUL.folder / "go.sum").is_file()

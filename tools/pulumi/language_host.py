"""The Python language host, with the two scripts that belong to it."""

import os
import shutil
from pathlib import Path

from tools import places, versions
from tools.builds import cache, go
from tools.found import Found, Origin, missing
from tools.pulumi.engine import PULUMI

TOOL = "Python language host"
COMMAND = "pulumi-language-python"
HOST = go.Program(
    "language-python",
    versions.LANGUAGE_PYTHON,
    "40 s",
    package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
)
SDK = "github.com/pulumi/pulumi/sdk/v3"
# Where the SDK's module has the scripts.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
NAMES = (COMMAND, *(Path(script).name for script in SCRIPTS))


def find(engine: Found) -> Found:
    """The host that came with the engine, else one on PATH, else the built one."""
    if engine.origin in (Origin.INSTALLED, Origin.DOWNLOADED):
        beside = (Path(engine.path).with_name(COMMAND), Path(engine.path).resolve().with_name(COMMAND))
        for path in (*beside, places.installed(COMMAND)):
            if path and path.is_file():
                return Found(TOOL, f"of {engine.version}", str(path), engine.origin)
    built = cache.finished(built_name())
    if built is None:
        return missing(TOOL)
    folder = home(engine, built)
    if not all((folder / name).exists() and (folder / name).samefile(built / "bin" / name) for name in NAMES):
        return missing(TOOL)
    return Found(TOOL, versions.LANGUAGE_PYTHON, str(folder / COMMAND), Origin.BUILT)


def setup(engine: Found) -> Found:
    """Builds a host unless there is one."""
    if not find(engine).present:
        built = cache.entry(built_name(), build)
        if home(engine, built) != built / "bin":
            for name in NAMES:
                link(built / "bin" / name, home(engine, built) / name)
    return find(engine)


def built_name() -> str:
    """The cache entry of the built host. Its scripts have the engine's version."""
    return f"{HOST.entry}-{versions.PULUMI}"


def home(engine: Found, built: Path) -> Path:
    """Where the engine looks first. A host elsewhere on PATH would work too, with a warning on every run."""
    return Path(engine.path).parent if engine.origin is Origin.BUILT else built / "bin"


def link(source: Path, target: Path) -> None:
    """Makes a symbolic link, or replaces it in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    partial.symlink_to(source)
    os.replace(partial, target)


def build(folder: Path) -> None:
    """Builds the host. The module has the scripts without the mode bits that make them executable."""
    target = folder / "bin"
    HOST.build(target / COMMAND)
    sources = PULUMI.sources(SDK)
    for script in SCRIPTS:
        copy = target / Path(script).name
        shutil.copyfile(sources / script, copy)
        copy.chmod(0o755)

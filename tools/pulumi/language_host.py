"""The language hosts of Python, Node.js and Go, with the scripts that belong to the one of Python."""

import os
import shutil
from pathlib import Path

from tools import places, versions
from tools.builds import cache, go
from tools.found import Found, Origin, missing

TOOL = "Language hosts"
COMMAND = "pulumi-language-python"
# One program, which takes the language from its name.
HOSTS = go.Program("language-hosts", versions.PULUMI, "1 min, 2 cores")
LANGUAGES = (COMMAND, "pulumi-language-nodejs", "pulumi-language-go")
SDK = "github.com/pulumi/pulumi/sdk/v3"
# Where the SDK's module has the scripts.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
NAMES = (*LANGUAGES, *(Path(script).name for script in SCRIPTS))


def find(engine: Found) -> Found:
    """The hosts that came with the engine, else those on PATH, else the built ones."""
    if engine.origin in (Origin.INSTALLED, Origin.DOWNLOADED):
        beside = (Path(engine.path).with_name(COMMAND), Path(engine.path).resolve().with_name(COMMAND))
        for path in (*beside, places.installed(COMMAND)):
            if path and path.is_file():
                return Found(TOOL, f"of {engine.version}", str(path), engine.origin)
    built = cache.finished(HOSTS.entry)
    if built is None:
        return missing(TOOL)
    folder = home(engine, built)
    if not all((folder / name).exists() and (folder / name).samefile(built / "bin" / name) for name in NAMES):
        return missing(TOOL)
    return Found(TOOL, versions.PULUMI, str(folder / COMMAND), Origin.BUILT)


def setup(engine: Found) -> Found:
    """Builds the hosts unless there are some."""
    if not find(engine).present:
        built = cache.entry(HOSTS.entry, build)
        if home(engine, built) != built / "bin":
            for name in NAMES:
                link(built / "bin" / name, home(engine, built) / name)
    return find(engine)


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
    """Builds the hosts. The module has the scripts without the mode bits that make them executable."""
    target = folder / "bin"
    HOSTS.build(target / HOSTS.name)
    for name in LANGUAGES:
        (target / name).symlink_to(HOSTS.name)
    for script in SCRIPTS:
        copy = target / Path(script).name
        shutil.copyfile(HOSTS.sources(SDK) / script, copy)
        copy.chmod(0o755)

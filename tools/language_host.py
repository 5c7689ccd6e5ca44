"""What the engine runs Python programs with: a language host and two scripts."""

import os
import shutil
from pathlib import Path

from toolchain import cache, go_build, search_path, versions
from toolchain.found import Found, Origin, missing

TOOL = "Python language host"
COMMAND = "pulumi-language-python"
PACKAGE = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
# Where the module holds the scripts that an installation has beside the host.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
NAMES = (COMMAND, *(Path(script).name for script in SCRIPTS))


def find(engine: Found) -> Found:
    """The host that came with the engine, else one on PATH, else the built one."""
    if engine.origin in (Origin.INSTALLED, Origin.DOWNLOADED):
        beside = (Path(engine.path).with_name(COMMAND), Path(engine.path).resolve().with_name(COMMAND))
        for path in (*beside, search_path.installed(COMMAND)):
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
    """Builds one unless there is one."""
    if not find(engine).present:
        built = cache.entry(built_name(), build)
        link(built / "bin", home(engine, built))
    return find(engine)


def built_name() -> str:
    """The cache entry of the built host; its scripts are of the engine's version."""
    return f"{go_build.entry_name('language-python', versions.LANGUAGE_PYTHON)}-{versions.PULUMI}"


def home(engine: Found, built: Path) -> Path:
    """Where the engine shall find the host: beside a built engine, as it warns of a host found elsewhere on PATH."""
    return Path(engine.path).parent if engine.origin is Origin.BUILT else built / "bin"


def link(source: Path, target: Path) -> None:
    """Makes the files of one folder appear in another, each at once."""
    if source == target:
        return
    for name in NAMES:
        partial = target / f".{name}.partial"
        partial.unlink(missing_ok=True)
        partial.symlink_to(source / name)
        os.replace(partial, target / name)


def build(folder: Path) -> None:
    """Builds the host and copies the scripts, which modules hold without the run bit."""
    target = folder / "bin"
    go_build.build("language-python", PACKAGE, target / COMMAND, usually="40 s")
    sources = go_build.module_folder("pulumi", SDK)
    for script in SCRIPTS:
        copy = target / Path(script).name
        shutil.copyfile(sources / script, copy)
        copy.chmod(0o755)

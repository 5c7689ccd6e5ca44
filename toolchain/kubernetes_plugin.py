"""The engine's Kubernetes plugin: installed, else downloaded, else this repository's own, installed as if downloaded.

The repository's own is sources and a launcher; its Python packages are those of the virtual environment.
"""

import os
import shutil
import tarfile
from hashlib import sha256
from pathlib import Path

from toolchain import cache, places, progress, search_path, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Kubernetes plugin"
COMMAND = "pulumi-resource-kubernetes"
SOURCES = places.ROOT / "kubernetes_plugin"
# A file beside the installed plugin that names what it was made from.
MARK = "built-from"
# Which clone's packages: those of the shell that runs the engine, else those that were there when it was installed.
LAUNCHER = """\
#!/bin/sh
venv="$PULUMI_RUNTIME_VIRTUALENV"
[ -e "$venv/.complete" ] && ls -d "$venv"/lib/python3*/site-packages/kubernetes >/dev/null 2>&1 || venv='{venv}'
PYTHONPATH=$(dirname "$(readlink -f "$0")") exec "$venv/bin/python" -P -m kubernetes_plugin "$@"
"""


def folder() -> Path:
    """Where the engine keeps this version of this plugin."""
    return places.pulumi_home() / "plugins" / f"resource-kubernetes-v{versions.KUBERNETES_PLUGIN}"


def find() -> Found:
    """The plugin that the engine will use."""
    own = search_path.installed(COMMAND)
    if own:
        return Found(TOOL, "as on PATH", str(own), Origin.INSTALLED)
    command, mark = folder() / COMMAND, folder() / MARK
    # The engine leaves this file while it installs.
    if not command.is_file() or folder().with_name(f"{folder().name}.partial").exists():
        return missing(TOOL)
    if not mark.is_file():
        return Found(TOOL, versions.KUBERNETES_PLUGIN, str(command), Origin.INSTALLED)
    name, _, venv = mark.read_text().strip().partition(" ")
    if name != built_name():
        return missing(TOOL, "it was made from older sources; run `make setup`")
    if not Path(venv, "bin", "python").exists():
        return missing(TOOL, f"its packages in {venv} are gone; run `make setup`")
    return Found(TOOL, versions.KUBERNETES_PLUGIN, str(command), Origin.BUILT)


def setup(engine: Found) -> Found:
    """Fetches the official plugin or installs the repository's own, unless the engine has one."""
    found = find()
    if found.present:
        return found
    try:
        if (folder() / MARK).exists():
            raise SetupError("the one from this repository is out of date")
        install(
            engine,
            doing=f"downloading the Kubernetes plugin {versions.KUBERNETES_PLUGIN}",
            advice="this repository's own is installed instead",
        )
        return Found(TOOL, versions.KUBERNETES_PLUGIN, str(folder() / COMMAND), Origin.DOWNLOADED)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
    archive = places.cache() / f"{built_name()}.tar.gz"
    pack(archive)
    install(engine, "--reinstall", "--file", str(archive), doing="installing this repository's Kubernetes plugin")
    return find()


def built_name() -> str:
    """A name that changes with the sources and with the launcher."""
    launcher = sha256(LAUNCHER.encode()).hexdigest()[:8]
    return f"kubernetes-plugin-{versions.KUBERNETES_PLUGIN}-{cache.digest(SOURCES, '*.py')}-{launcher}"


def install(engine: Found, *options: str, doing: str, advice: str = "run it again") -> None:
    """Installed rather than found on PATH: the engine warns of each plugin from there on every run."""
    progress.run(
        [engine.path, "plugin", "install", "resource", "kubernetes", versions.KUBERNETES_PLUGIN, *options],
        doing=doing,
        usually="5 s",
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        timeout=300,
        advice=advice,
    )


def pack(archive: Path) -> None:
    """Packs it the way the engine installs plugins."""
    staged = archive.with_suffix("").with_suffix(".partial")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(SOURCES, staged / SOURCES.name, ignore=shutil.ignore_patterns("__pycache__"))
    command = staged / COMMAND
    command.write_text(LAUNCHER.format(venv=places.VENV))
    command.chmod(0o755)
    (staged / MARK).write_text(f"{built_name()} {places.VENV}\n")
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for path in sorted(staged.iterdir()):
            packed.add(path, path.name)
    shutil.rmtree(staged)

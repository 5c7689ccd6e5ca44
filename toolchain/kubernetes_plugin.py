"""The engine's Kubernetes plugin, for which this repository has a stand-in: sources and a launcher.

Its Python packages are those of the virtual environment.
"""

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from toolchain import cache, places, versions
from toolchain.plugins import Plugin, pack

SOURCES = places.ROOT / "kubernetes_plugin"
# A file beside the installed plugin that names the virtual environment of the clone that installed it.
PACKAGES = "packages-of"
# Whose packages: those of the clone in whose shell the engine runs, else those that were there at the installation.
LAUNCHER = f"""\
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
venv="$PULUMI_RUNTIME_VIRTUALENV"
[ -e "$venv/.complete" ] && ls -d "$venv"/lib/python3*/site-packages/kubernetes >/dev/null 2>&1 ||
    read -r venv < "$here/{PACKAGES}"
PYTHONPATH="$here" exec "$venv/bin/python" -P -m kubernetes_plugin "$@"
"""


def built_name() -> str:
    """A name that changes with the sources and the launcher."""
    launcher = sha256(LAUNCHER.encode()).hexdigest()[:8]
    return f"kubernetes-plugin-{versions.KUBERNETES_PLUGIN}-{cache.digest(SOURCES, '*.py')}-{launcher}"


def archive() -> Path:
    """The sources with a launcher for this clone, packed; quick enough not to be kept."""
    target = places.cache() / "kubernetes-plugin.tar.gz"
    with tempfile.TemporaryDirectory(dir=places.cache()) as folder:
        return pack(staged(Path(folder)), built_name(), target)


def staged(folder: Path) -> Path:
    """The files of the plugin in a folder."""
    shutil.copytree(SOURCES, folder / SOURCES.name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / PACKAGES).write_text(f"{places.VENV}\n")
    command = folder / PLUGIN.command
    command.write_text(LAUNCHER)
    command.chmod(0o755)
    return folder


def lacks(folder: Path) -> str:
    """The virtual environment, if it is gone."""
    venv = (folder / PACKAGES).read_text().strip()
    return "" if Path(venv, "bin", "python").exists() else f"the packages in {venv}"


PLUGIN = Plugin("kubernetes", "Kubernetes", versions.KUBERNETES_PLUGIN, built_name, archive, lacks)

"""The Pulumi engine: installed, else downloaded by the SDK's own installer, else built."""

import os
import subprocess
from pathlib import Path

from toolchain import cache, go_build, places, progress, search_path, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin, missing

TOOL = "Pulumi engine"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
DOWNLOAD = f"pulumi-{versions.PULUMI}-download"
# A network that drops packets must not hold the installer up: its own first request has no time-out.
INSTALLER = (
    "import socket, sys; socket.setdefaulttimeout(10)\n"
    "from pulumi.automation import PulumiCommand\n"
    "from semver import VersionInfo\n"
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))\n"
)


def find() -> Found:
    """The engine to use: the user's own if it is new enough, then a downloaded one, then a built one."""
    own = search_path.installed("pulumi")
    if own:
        version = version_of(own)
        if versions.at_least(version, versions.PULUMI_MINIMUM):
            return Found(TOOL, version, str(own), Origin.INSTALLED)
    for name, origin in ((DOWNLOAD, Origin.DOWNLOADED), (built_name(), Origin.BUILT)):
        folder = cache.finished(name)
        if folder:
            return Found(TOOL, versions.PULUMI, str(folder / "bin" / "pulumi"), origin)
    return missing(TOOL)


def setup() -> Found:
    """Fetches or builds one unless there is one."""
    found = find()
    if found.present:
        return found
    own = search_path.installed("pulumi")
    if own:
        progress.say(
            f"  --  {own} is {version_of(own)}, older than {versions.PULUMI_MINIMUM}; another one is used beside it"
        )
    try:
        cache.entry(DOWNLOAD, download)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
        cache.entry(built_name(), build)
    return find()


def version_of(pulumi: Path) -> str:
    """What an engine says its version is."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    asked = subprocess.run([pulumi, "version"], capture_output=True, text=True, env=env, check=False)
    return asked.stdout.strip().lstrip("v")


def built_name() -> str:
    """The cache entry of the built engine."""
    return go_build.entry_name("pulumi", versions.PULUMI)


def download(folder: Path) -> None:
    """Uses the SDK's installer, which also brings the language hosts."""
    progress.run(
        [places.VENV / "bin" / "python", "-c", INSTALLER, folder, versions.PULUMI],
        doing=f"downloading the Pulumi engine {versions.PULUMI}",
        usually="30 s",
        timeout=600,
        advice="it is built instead",
    )
    if not (folder / "bin" / "pulumi").is_file():
        raise SetupError("the installer brought no engine; it is built instead.")


def build(folder: Path) -> None:
    """Builds it from Go modules."""
    variable = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{versions.PULUMI}"
    go_build.build("pulumi", PACKAGE, folder / "bin" / "pulumi", variables=variable, usually="6 min, 2 cores")

"""The Pulumi engine: the installed one, else downloaded by the SDK's installer, else built."""

from pathlib import Path

from tools import places, progress, versions
from tools.builds import cache, go
from tools.found import Found, Origin, SetupError, missing

TOOL = "Pulumi engine"
PULUMI = go.Program(
    "pulumi",
    versions.PULUMI,
    "6 min, 2 cores",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{versions.PULUMI}",
)
DOWNLOAD = f"pulumi-{versions.PULUMI}-download"
# The installer's first request has no time-out of its own, and would hang where the network drops packets.
INSTALLER = (
    "import socket, sys; socket.setdefaulttimeout(10)\n"
    "from pulumi.automation import PulumiCommand\n"
    "from semver import VersionInfo\n"
    "PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))\n"
)


def find() -> Found:
    """The engine to use: the installed one if it is new enough, then a downloaded one, then a built one."""
    own = places.installed("pulumi")
    if own:
        version = _version_of(own)
        if versions.at_least(version, versions.PULUMI_MINIMUM):
            return Found(TOOL, version, str(own), Origin.INSTALLED)
    for name, origin in ((DOWNLOAD, Origin.DOWNLOADED), (PULUMI.entry, Origin.BUILT)):
        folder = cache.finished(name)
        if folder:
            return Found(TOOL, versions.PULUMI, str(folder / "bin" / "pulumi"), origin)
    return missing(TOOL)


def setup() -> Found:
    """Downloads or builds an engine unless there is one."""
    found = find()
    if found.present:
        return found
    own = places.installed("pulumi")
    if own:
        progress.say(f"  --  {own} is {_version_of(own)}; it is not used, because {versions.PULUMI_MINIMUM} is needed")
    try:
        cache.entry(DOWNLOAD, download)
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
        cache.entry(PULUMI.entry, lambda folder: PULUMI.build(folder / "bin" / "pulumi"))
    return find()


def _version_of(pulumi: Path) -> str:
    return versions.of(pulumi, "version").lstrip("v")


def download(folder: Path) -> None:
    """Runs the SDK's installer, which also brings the language hosts."""
    progress.run(
        [places.VENV / "bin" / "python", "-c", INSTALLER, folder, versions.PULUMI],
        doing=f"downloading the Pulumi engine {versions.PULUMI}",
        usually="30 s",
        timeout=600,
        advice="it is built instead",
    )
    if not (folder / "bin" / "pulumi").is_file():
        raise SetupError("the installer brought no engine; it is built instead.")

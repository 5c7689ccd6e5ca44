"""The language host of YAML: installed, else of the downloaded engine, else built. Only an example in YAML needs it."""

from pathlib import Path

from tools import places, versions
from tools.builds import go
from tools.found import Found, Origin, missing
from tools.pulumi.language_host import link

TOOL = "YAML language host"
COMMAND = "pulumi-language-yaml"
HOST = go.Program(
    COMMAND,
    versions.LANGUAGE_YAML,
    "20 s",
    module="language-yaml",
    package="github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    variables=f"-X github.com/pulumi/pulumi-yaml/pkg/version.Version=v{versions.LANGUAGE_YAML}",
)


def find(engine: Found) -> Found:
    """The host that came with the engine, else one on PATH, else the built one."""
    beside = Path(engine.path).with_name(COMMAND)
    if engine.origin is not Origin.BUILT and beside.is_file():
        return Found(TOOL, f"of {engine.version}", str(beside), engine.origin)
    if own := places.installed(COMMAND):
        return Found(TOOL, "as on PATH", str(own), Origin.INSTALLED)
    built = HOST.finished()
    current = built and beside.exists() and beside.samefile(built)
    return Found(TOOL, versions.LANGUAGE_YAML, str(beside), Origin.BUILT) if current else missing(TOOL)


def setup(engine: Found) -> Found:
    """Builds a host unless there is one, and links it beside the built engine, which looks there first."""
    if not find(engine).present:
        link(HOST.path(), Path(engine.path).with_name(COMMAND))
    return find(engine)

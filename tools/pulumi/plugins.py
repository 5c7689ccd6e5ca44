"""The Docker and the Kubernetes plugin: installed, else downloaded, else built into our own PULUMI_HOME."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tools import places, progress, versions
from tools.builds import go
from tools.found import Found, Origin, SetupError, missing
from tools.pulumi import home
from tools.pulumi.language_host import link

KUBERNETES_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4"
KUBERNETES_COMMIT = versions.KUBERNETES_PROVIDER.rpartition("-")[2]
# Generated files of the provider's own main package. They are in its module, and our main package embeds them too.
EMBEDDED = ("schema.json", "terraform-mapping.json")


@dataclass(frozen=True)
class Plugin:
    """One plugin, at the version that the Python SDK asks for."""

    title: str
    version: str
    program: go.Program
    source: str
    """What a built plugin is built from, for `doctor`."""
    make: Callable[[Path], None] | None = None
    """Builds the cache entry, where that takes more than one `go build`."""
    on_demand: bool = False
    """Whether only some stacks need it, which get it when they are set up."""

    @property
    def tool(self) -> str:
        """The plugin's name in the table of `doctor`."""
        return f"{self.title} plugin"

    @property
    def command(self) -> str:
        """The program that the engine starts."""
        return f"pulumi-resource-{self.title.lower()}"

    def file(self, pulumi_home: Path) -> Path:
        """The program's path below a PULUMI_HOME."""
        return pulumi_home / "plugins" / f"resource-{self.title.lower()}-v{self.version}" / self.command

    def find(self) -> Found:
        """The plugin that the engine will use."""
        own = places.installed(self.command)
        if own:
            return Found(self.tool, "as on PATH", str(own), Origin.INSTALLED)
        users = self.file(home.of_user())
        # The engine leaves this file while it installs.
        partial = users.parent.with_name(f"{users.parent.name}.partial")
        if users.is_file() and not partial.exists() and not users.with_name(home.EARLIER).exists():
            return Found(self.tool, self.version, str(users), Origin.INSTALLED)
        if self.program.finished():
            return Found(self.tool, self.source, str(self.file(ours())), Origin.BUILT)
        return Found(self.tool, "-", "-", Origin.ON_DEMAND) if self.on_demand else missing(self.tool)

    def setup(self, engine: Found) -> Found:
        """Downloads or builds the plugin unless there is one."""
        found = self.find()
        if found.present and found.origin is not Origin.ON_DEMAND:
            return found
        try:
            if self.file(home.of_user()).exists():
                raise SetupError("it was built before")
            self.download(engine)
            return Found(self.tool, self.version, str(self.file(home.of_user())), Origin.DOWNLOADED)
        except SetupError as error:
            progress.say(f"  --  no download: {error}")
        self.program.path(self.make)
        return self.find()

    def download(self, engine: Found) -> None:
        """Lets the engine install the plugin in the user's PULUMI_HOME."""
        progress.run(
            [engine.path, "plugin", "install", "resource", self.title.lower(), self.version],
            doing=f"downloading the {self.tool} {self.version}",
            usually="15 s",
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": str(home.of_user())},
            timeout=300,
            advice="it is built instead",
        )


def make_kubernetes(target: Path) -> None:
    """Builds the Kubernetes provider in a copy of its folder, beside the files that it embeds."""
    program = KUBERNETES.program
    generated = program.sources(KUBERNETES_MODULE) / "cmd" / "pulumi-resource-kubernetes"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(program.folder, Path(folder) / program.name))
        for name in EMBEDDED:
            shutil.copyfile(generated / name, copy / name)
        program.build(target / program.name, copy)


DOCKER = Plugin(
    "Docker",
    versions.DOCKER_PLUGIN,
    # "v": before, an entry without it held an archive.
    go.Program(
        "docker-provider",
        f"v{versions.DOCKER_PLUGIN}",
        "3 min, 2 cores",
        variables=f"-X main.version={versions.DOCKER_PLUGIN}",
    ),
    source=f"terraform-provider-docker, for SDK {versions.DOCKER_PLUGIN}",
)
KUBERNETES = Plugin(
    "Kubernetes",
    versions.KUBERNETES_PLUGIN,
    go.Program(
        "kubernetes-provider",
        f"v{versions.KUBERNETES_PROVIDER}",
        "12 min, 2 cores",
        # The engine warns on every run if a plugin reports an older version than the SDK asks for.
        variables=f"-X {KUBERNETES_MODULE}/pkg/version.Version={versions.KUBERNETES_PLUGIN}+{KUBERNETES_COMMIT}",
    ),
    source=f"v{versions.KUBERNETES_PROVIDER}, for SDK {versions.KUBERNETES_PLUGIN}",
    make=make_kubernetes,
    on_demand=True,
)
ALL = (DOCKER, KUBERNETES)


def ours() -> Path:
    """Our PULUMI_HOME. Its name changes with the sources, so two versions of this repository do not share one."""
    sources = DOCKER.program.entry + KUBERNETES.program.entry
    return places.cache() / f"{home.PREFIX}{sha256(sources.encode()).hexdigest()[:8]}"


def variables(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that select our PULUMI_HOME. The built plugins are linked into it."""
    for plugin in ALL:
        if built := plugin.program.finished():
            link(built, plugin.file(ours()))
    return home.variables(ours(), env)

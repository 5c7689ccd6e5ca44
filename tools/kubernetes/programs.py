"""The programs of a cluster: those of a Kubernetes release downloaded, else built; the others built."""

import platform
from pathlib import Path

from tools import places, progress, versions
from tools.builds import cache, download, go
from tools.docker.layer import ARCHITECTURES
from tools.found import Found, Origin, SetupError

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("kubelet", "kube-proxy")
RELEASES = "https://dl.k8s.io/release"
USUALLY = {"kube-apiserver": "4 min, 2 cores", "kube-controller-manager": "2 min, 2 cores", "kubelet": "2 min, 2 cores"}
MAJOR, MINOR, _ = versions.KUBERNETES.split(".")
# The variables that a release sets.
VARIABLES = {
    "k8s.io/component-base/version.gitVersion": f"v{versions.KUBERNETES}",
    "k8s.io/component-base/version.gitMajor": MAJOR,
    "k8s.io/component-base/version.gitMinor": MINOR,
    "k8s.io/client-go/pkg/version.gitVersion": f"v{versions.KUBERNETES}",
}
COREDNS = go.Program("coredns", versions.COREDNS, "40 s")
KUBE_ROUTER = go.Program(
    "kube-router",
    versions.KUBE_ROUTER,
    "2 min, 2 cores",
    package="github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
)
VOLUME_PROVISIONER = go.Program("volume-provisioner", versions.KUBERNETES, "20 s")


def everything() -> None:
    """Downloads or builds all programs."""
    kubernetes("kubectl", *CONTROL_PLANE, *NODE)
    COREDNS.path()
    KUBE_ROUTER.path()
    VOLUME_PROVISIONER.path()


def kubernetes(*names: str) -> dict[str, Path]:
    """The paths of programs of the Kubernetes release, downloaded or built unless the cache has them."""
    downloads = True
    paths = {}
    for name in names:
        found = finished(name)
        if found is None and downloads:
            found = downloaded(name)
            downloads = found is not None
        paths[name] = found or program(name).path()
    return paths


def kubectl() -> Found:
    """The user's kubectl, else ours if the cache has it."""
    own, ours = places.installed("kubectl"), finished("kubectl")
    if own or not ours:
        return Found("kubectl", "-", str(own or "-"), Origin.INSTALLED if own else Origin.STOPPED)
    return Found("kubectl", versions.KUBERNETES, str(ours), Origin.BUILT)


def finished(name: str) -> Path | None:
    """A program of the release, if the cache has it."""
    folder = cache.finished(downloaded_name(name))
    return folder / name if folder else program(name).finished()


def downloaded(name: str) -> Path | None:
    """Downloads a program. Returns None where downloads do not work."""
    machine = platform.machine()
    url = f"{RELEASES}/v{versions.KUBERNETES}/bin/linux/{ARCHITECTURES.get(machine, machine)}/{name}"
    try:
        entry = cache.entry(downloaded_name(name), lambda folder: download.fetch(url, folder / name, usually="10 s"))
        return entry / name
    except SetupError as error:
        progress.say(f"  --  no download: {error}")
        return None


def downloaded_name(name: str) -> str:
    """The cache entry of a downloaded program."""
    return f"{name}-{versions.KUBERNETES}-download"


def program(name: str) -> go.Program:
    """A program of the release, as it is built."""
    return go.Program(
        name,
        versions.KUBERNETES,
        USUALLY.get(name, "40 s"),
        module="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        variables=" ".join(f"-X {variable}={value}" for variable, value in VARIABLES.items()),
    )

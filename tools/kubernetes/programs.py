"""The programs of a cluster: Kubernetes' own downloaded, else built; the rest from Go modules."""

import platform
from pathlib import Path

from toolchain import cache, download, go_build, places, progress, search_path, versions
from toolchain.errors import SetupError
from toolchain.found import Found, Origin

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
NODE = ("kubelet", "kube-proxy")
RELEASES = "https://dl.k8s.io/release"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
USUALLY = {"kube-apiserver": "4 min, 2 cores", "kube-controller-manager": "2 min, 2 cores", "kubelet": "2 min, 2 cores"}


def kubernetes(*names: str) -> dict[str, Path]:
    """Paths of Kubernetes' own programs, all of one version, fetched or built unless they are there."""
    downloads = True
    paths = {}
    for name in names:
        found = finished(name)
        if found is None:
            with cache.lock():
                downloads = fetch(name, downloads)
            found = finished(name)
        if found is None:
            raise SetupError(f"{name} is missing although it was just made; run it again.")
        paths[name] = found
    return paths


def kubectl() -> Found:
    """The client for people: the user's own, else ours if the cache has it."""
    own, ours = search_path.installed("kubectl"), finished("kubectl")
    if own or not ours:
        return Found("kubectl", "-", str(own or "-"), Origin.INSTALLED if own else Origin.STOPPED)
    return Found("kubectl", versions.KUBERNETES, str(ours), Origin.BUILT)


def finished(name: str) -> Path | None:
    """One of Kubernetes' own programs, if the cache has it."""
    for entry in (downloaded_name(name), built_name(name)):
        folder = cache.finished(entry)
        if folder:
            return folder / name
    return None


def fetch(name: str, downloads: bool) -> bool:
    """Brings one program into the cache; says whether downloads are worth another try."""
    if downloads:
        try:
            cache.entry(downloaded_name(name), lambda folder: download.fetch(url(name), folder / name, usually="10 s"))
            return True
        except SetupError as error:
            progress.say(f"  --  no download: {error}")
    cache.entry(built_name(name), lambda folder: build(name, folder))
    return False


def downloaded_name(name: str) -> str:
    """The cache entry of a downloaded program."""
    return f"{name}-{versions.KUBERNETES}-download"


def built_name(name: str) -> str:
    """The cache entry of a built program."""
    return f"{name}-{versions.KUBERNETES}-{cache.digest(places.MODULES / 'kubernetes')}"


def url(name: str) -> str:
    """Where the release of this machine's kind is published."""
    machine = platform.machine()
    return f"{RELEASES}/v{versions.KUBERNETES}/bin/linux/{ARCHITECTURES.get(machine, machine)}/{name}"


def build(name: str, folder: Path) -> None:
    """Builds one program with the version that it would have in a release."""
    major, minor, _ = versions.KUBERNETES.split(".")
    module = "k8s.io/component-base/version"
    settings = {
        f"{module}.gitVersion": f"v{versions.KUBERNETES}",
        f"{module}.gitMajor": major,
        f"{module}.gitMinor": minor,
        "k8s.io/client-go/pkg/version.gitVersion": f"v{versions.KUBERNETES}",
    }
    go_build.build(
        "kubernetes",
        f"k8s.io/kubernetes/cmd/{name}",
        folder / name,
        variables=" ".join(f"-X {variable}={value}" for variable, value in settings.items()),
        usually=USUALLY.get(name, "40 s"),
    )


def coredns() -> Path:
    """The DNS server."""
    return go_build.program("coredns", versions.COREDNS, usually="40 s")


def volume_provisioner() -> Path:
    """The provisioner of claims."""
    return go_build.program("volume-provisioner", versions.KUBERNETES, usually="20 s")

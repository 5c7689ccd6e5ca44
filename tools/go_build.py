"""Building programs from the module folders, whose go.mod and go.sum are complete and committed."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from toolchain import cache, places, progress, versions
from toolchain.errors import SetupError


def entry_name(module: str, version: str) -> str:
    """The cache entry of what a module folder builds."""
    return f"{module}-{version}-{cache.digest(places.MODULES / module)}"


def go() -> str:
    """The Go command, new enough."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not found:
        raise SetupError(
            f"Go builds what could not be downloaded; install Go {versions.GO_MINIMUM} or newer and run it again."
        )
    version = subprocess.run(
        [found, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=places.MODULES,
        check=False,
    ).stdout.strip()
    if not versions.at_least(version, versions.GO_MINIMUM):
        raise SetupError(
            f"Go {versions.GO_MINIMUM} or newer is needed, {found} is {version}; update Go and run it again."
        )
    return found


def environment() -> dict[str, str]:
    """Settings that make a build the same everywhere, whatever the user's own are."""
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
    }


def build(module: str, package: str, output: Path, *, variables: str = "", usually: str) -> None:
    """Builds one program; ``variables`` are the linker's ``name=value``."""
    command = [
        # What runs beside it goes first: tests that keep time, and whatever a person does.
        *("nice", "-n", "10"),
        go(),
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        f"-s -w {variables}".strip(),
        "-o",
        str(output),
        package,
    ]
    started = time.monotonic()
    progress.run(
        command,
        doing=f"building {output.name} from its Go module",
        usually=usually,
        env=environment(),
        cwd=places.MODULES / module,
    )
    progress.say(f"      built in {time.monotonic() - started:.0f} s")


def program(module: str, version: str, package: str = ".", *, usually: str) -> Path:
    """The program of a module folder, named like it, from the cache or built now."""
    name = entry_name(module, version)
    found = cache.finished(name)
    if found is None:
        with cache.lock():
            found = cache.entry(name, lambda folder: build(module, package, folder / module, usually=usually))
    return found / module


def module_folder(module: str, path: str) -> Path:
    """Where the sources of a module required by a module folder lie."""
    command = [go(), "mod", "download", "-json", path]
    where = places.MODULES / module
    answer = subprocess.run(command, cwd=where, env=environment(), capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SetupError(f"fetching {path} failed ({answer.stderr.strip()[:200]}); run it again.")
    return Path(json.loads(answer.stdout)["Dir"])

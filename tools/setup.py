"""Gets everything that a stack needs."""

import re
import sys
import time

from tools import places, progress
from tools.builds import venv
from tools.docker import engine as docker_engine
from tools.docker import image
from tools.found import Found
from tools.kubernetes import programs
from tools.pulumi import credentials, engine, go_sdk, language_host, node, plugins, stack_files, yaml_host

# What takes minutes to build and only Kubernetes needs, and what only the examples in other languages need.
BUILD_KUBERNETES = (sys.executable, "-m", "tools", "setup", "--only", "kubernetes")
BUILD_LANGUAGES = (sys.executable, "-m", "tools", "setup", "--only", "languages")


def run(stack: str = "") -> int:
    """All steps. The Kubernetes plugin is for stacks on Kubernetes only, because its build takes minutes."""
    started = time.monotonic()
    report(venv.setup())
    report(docker_engine.setup())
    report(image.setup())
    pulumi = report(engine.setup())
    report(language_host.setup(pulumi))
    report(plugins.DOCKER.setup(pulumi))
    if on_kubernetes(stack):
        report(plugins.KUBERNETES.setup(pulumi))
    if credentials.chosen_passphrase():
        stack_files.withdraw()
    else:
        stack_files.setup(pulumi.path, credentials.passphrase_file())
    progress.say(f"Ready after {time.monotonic() - started:.1f} s.")
    return 0


def kubernetes() -> int:
    """The Kubernetes plugin and the programs of a cluster alone."""
    report(venv.setup())
    report(plugins.KUBERNETES.setup(engine.setup()))
    programs.everything()
    return 0


def yaml() -> None:
    """What the example in YAML needs."""
    report(yaml_host.setup(engine.setup()))


def languages() -> int:
    """What the examples in other languages need."""
    yaml()
    report(node.setup())
    go_sdk.compile_once()
    return 0


def on_kubernetes(stack: str) -> bool:
    """Whether the stack's file has settings for Kubernetes."""
    file = places.ROOT / f"Pulumi.{stack}.yaml"
    return file.is_file() and bool(re.search(r"\bkubernetes\s*:", file.read_text()))


def report(found: Found) -> Found:
    """Prints how a step ended."""
    progress.say(f"  ok  {found.tool}: {found.summary()}")
    return found

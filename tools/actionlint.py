"""The linter of GitHub's workflows: the user's own, else built. Only the checks need it, so only they fetch it."""

from pathlib import Path

from toolchain import go_build, search_path, versions

TOOL = "actionlint"


def command() -> Path:
    """Its program."""
    package = f"github.com/rhysd/actionlint/cmd/{TOOL}"
    return search_path.installed(TOOL) or go_build.program(TOOL, versions.ACTIONLINT, package, usually="20 s")

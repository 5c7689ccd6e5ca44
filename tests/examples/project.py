"""Pulumi projects outside this repository, whose Python has the installed package and nothing else of it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi import automation

from tests.e2e.engine import RUN, free_subnet
from tools import places

PACKAGE = places.ROOT / "components"
STACK = f"e2e-{RUN}"
"""The name of every stack, and the end of every cluster's name."""
FIXED_NAMES = re.compile('"(existing-network|shop-consul)"')
"""Clusters whose name does not come from the stack."""
SUBNET = re.compile(r"172\.30\.\d+\.(?=0/24)")
LOCKED = re.compile(r"^[A-Za-z0-9._-]+==[^\s;\\]+", re.MULTILINE)
"""A package and its version in requirements.lock."""


def constraints(folder: Path) -> Path:
    """A file with the versions of requirements.lock."""
    made = folder / "constraints.txt"
    made.write_text("\n".join(LOCKED.findall((places.ROOT / "requirements.lock").read_text())))
    return made


def environment(folder: Path, package: str) -> Path:
    """A new virtual environment with one package; its dependencies are in the versions of requirements.lock."""
    made = folder / "venv"
    uv, python = _uv(folder), str(made / "bin" / "python")
    # With pip, since Pulumi asks it which packages bring plugins.
    _run(uv, "venv", "--seed", "--python", sys.executable, str(made))
    _run(uv, "pip", "install", "--python", python, "--constraint", str(constraints(folder)), package)
    return made


def wheel(folder: Path) -> Path:
    """The package, built as a release has it."""
    _run(_uv(folder), "build", "--wheel", "--out-dir", str(folder / "dist"), str(PACKAGE))
    (built,) = (folder / "dist").glob("*.whl")
    return built


def new_project(folder: Path, name: str, program: str) -> Path:
    """The folder of a new Pulumi project with this program."""
    made = folder / name
    made.mkdir()
    (made / "Pulumi.yaml").write_text(f"name: {name}\nruntime: {{name: python, options: {{virtualenv: venv}}}}\n")
    (made / "__main__.py").write_text(program)
    return made


@contextmanager
def stack_of(
    source: Path, folder: Path, environment: Path, config: Mapping[str, str] | None = None, **env: str
) -> Iterator[automation.Stack]:
    """A stack of a copy of the project `source`, with a state of its own; `config` is set encrypted.

    The names and the subnet in the copy are of this run alone. It is destroyed at the end unless the test did it.
    """
    project = folder / "project"
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("venv", "Pulumi.*.yaml", "__pycache__"))
    program = project / "__main__.py"
    program.write_text(_of_this_run(program.read_text()))
    # Where Pulumi.yaml says that it is.
    (project / "venv").symlink_to(environment)
    (folder / "state").mkdir()
    env = {
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "examples",
        **env,
    }
    stack = automation.create_stack(STACK, work_dir=str(project), opts=automation.LocalWorkspaceOptions(env_vars=env))
    stack.set_all_config({key: automation.ConfigValue(value, secret=True) for key, value in (config or {}).items()})
    try:
        yield stack
    finally:
        if resources(stack):
            stack.destroy()


def up(stack: automation.Stack) -> dict[str, Any]:
    """The outputs after an update, and after a preview that found nothing left to change."""
    outputs = {name: output.value for name, output in stack.up(color="never").outputs.items()}
    changes = {str(getattr(op, "value", op)) for op in stack.preview(color="never").change_summary}
    assert changes == {"same"}
    return outputs


def review(stack: automation.Stack) -> str:
    """The comment on a pull request that a preview of the stack gives."""
    command = ["consul-on-pulumi", "review", "--stack", stack.name]
    env = {**os.environ, **stack.workspace.env_vars}
    done = subprocess.run(command, cwd=stack.workspace.work_dir, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def resources(stack: automation.Stack) -> list[dict[str, Any]]:
    """What the state holds beside providers and the stack itself."""
    deployment: Any = stack.export_stack().deployment
    listed: list[dict[str, Any]] = deployment.get("resources") or []
    return [one for one in listed if not one["type"].startswith("pulumi:")]


def _of_this_run(program: str) -> str:
    program = FIXED_NAMES.sub(rf'"\1-{STACK}"', program)
    if subnet := SUBNET.search(program):
        program = program.replace(subnet[0], free_subnet().removesuffix("0/24"))
    return program


def _uv(folder: Path) -> str:
    """The uv of this machine, else one from the package index: pip needs half a minute for the same environment."""
    found = shutil.which("uv", path=f"{places.VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if found:
        return found
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "uv"), "uv")
    return str(folder / "uv" / "bin" / "uv")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"

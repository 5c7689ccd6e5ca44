"""Small programs on the real engine, against one API server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pulumi import automation

Program = Callable[[], None]
PROJECT = "plugin"


class Stack:
    """A stack of one program, which may become another."""

    def __init__(self, stack: automation.Stack, backend: Path) -> None:
        self._stack = stack
        self.backend = backend
        self.log: list[str] = []
        """What the last operation printed."""
        self.diagnostics: list[str] = []
        self.steps: list[tuple[str, str]] = []
        """Operation and logical name of every step of the last operation."""
        self.outputs: dict[str, Any] = {}

    def up(self, program: Program, **options: Any) -> dict[str, int]:
        self._begin(program)
        done = self._stack.up(on_output=self.log.append, on_event=self._note, color="never", **options)
        self.outputs = {name: output.value for name, output in done.outputs.items()}
        return changes(done.summary.resource_changes)

    def preview(self, program: Program, **options: Any) -> dict[str, int]:
        self._begin(program)
        seen = self._stack.preview(on_output=self.log.append, on_event=self._note, color="never", **options)
        return changes(seen.change_summary)

    def refresh(self, **options: Any) -> dict[str, int]:
        self._begin(None)
        done = self._stack.refresh(on_output=self.log.append, on_event=self._note, color="never", **options)
        return changes(done.summary.resource_changes)

    def destroy(self, **options: Any) -> None:
        self._begin(None)
        self._stack.destroy(on_output=self.log.append, on_event=self._note, color="never", **options)

    def cancel(self) -> None:
        self._stack.cancel()

    def fails(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        """What the engine says to an operation that it has to fail."""
        try:
            operation(*arguments, **options)
        except automation.CommandError as error:
            return str(error)
        raise AssertionError(f"it succeeded: {self.steps}")

    def state(self, name: str) -> Any:
        """The one resource of a logical name, as the state has it; secrets are encrypted."""
        (found,) = [one for one in self.resources() if one["urn"].endswith(f"::{name}")]
        return found

    def resources(self) -> list[Any]:
        """All Kubernetes objects of the state."""
        found = (self._stack.export_stack().deployment or {}).get("resources", [])
        return [one for one in found if one["type"].startswith("kubernetes:")]

    def as_stored(self) -> str:
        """The state as it lies in the backend."""
        stored = [path for path in self.backend.rglob("*.json") if path.parent.parent.name == "stacks"]
        return "".join(path.read_text() for path in stored)

    @property
    def work_dir(self) -> Path:
        return Path(self._stack.workspace.work_dir)

    @property
    def env(self) -> dict[str, str]:
        return dict(self._stack.workspace.env_vars)

    def set_env(self, name: str, value: str) -> None:
        """Sets a variable for the operations to come."""
        self._stack.workspace.env_vars = self.env | {name: value}

    def changed(self) -> list[tuple[str, str]]:
        """The steps of the last operation that are no mere look."""
        return [step for step in self.steps if step[0] not in ("same", "read", "refresh")]

    def _begin(self, program: Program | None) -> None:
        self.log, self.steps, self.diagnostics = [], [], []
        if program:
            self._stack.workspace.program = program

    def _note(self, event: automation.EngineEvent) -> None:
        if event.resource_pre_event and "kubernetes:" in event.resource_pre_event.metadata.type:
            step = event.resource_pre_event.metadata
            if not step.type.startswith("pulumi:"):
                self.steps.append((step.op.value, step.urn.rpartition("::")[2]))
        if event.diagnostic_event:
            self.diagnostics.append(event.diagnostic_event.message)


def changes(summary: Any) -> dict[str, int]:
    """How many resources each operation was done to."""
    return {str(getattr(op, "value", op)): number for op, number in (summary or {}).items()}


@contextmanager
def stack_in(folder: Path, name: str, env: dict[str, str]) -> Iterator[Stack]:
    """A stack with a backend of its own."""
    work, backend = folder / "work", folder / "backend"
    work.mkdir(parents=True)
    backend.mkdir()
    variables = {"PULUMI_BACKEND_URL": backend.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "e2e", **env}
    options = automation.LocalWorkspaceOptions(work_dir=str(work), env_vars=variables)
    made = automation.create_stack(name, project_name=PROJECT, program=lambda: None, opts=options)
    yield Stack(made, backend)

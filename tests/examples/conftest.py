"""An installed package, and examples that run on the Docker engine."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.e2e import engine
from tests.examples import project
from tools import environment, places

Example = Callable[..., dict[str, Any]]
KINDS = {"docker:index/network:Network": "network", "docker:index/volume:Volume": "volume"}
"""Resources of a program that carry no label of a cluster, to what the `docker` command calls them."""


@pytest.fixture(scope="session")
def variables() -> Iterator[None]:
    """What `eval "$(make -s env)"` sets."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.variables(environment.tools(), os.environ).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def installed(variables: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the package from components/."""
    return project.environment(tmp_path_factory.mktemp("installed"), str(project.PACKAGE))


@pytest.fixture(scope="module")
def example(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """`example(name, cluster, **config)`: the outputs of an example that is up, and unchanged in a preview.

    While the next tests run it is destroyed; at the end nothing may be left of any of them.
    """
    with ExitStack() as stacks, ThreadPoolExecutor() as destroying:
        running: list[tuple[str, automation.Stack]] = []
        ended = []

        def destroy_all_but_the_last() -> None:
            while running:
                ended.append(destroying.submit(left_after_destroy, *running.pop()))

        def start(name: str, cluster: str, **config: str) -> dict[str, Any]:
            destroy_all_but_the_last()
            folder = tmp_path_factory.mktemp(name)
            stack = stacks.enter_context(project.stack_of(places.ROOT / "examples" / name, folder, installed, config))
            outputs = project.up(stack)
            running.append((cluster, stack))
            return outputs

        yield start
        destroy_all_but_the_last()
        assert [one.result() for one in ended] == [{}] * len(ended)


def left_after_destroy(cluster: str, stack: automation.Stack) -> dict[str, list[str]]:
    """The Docker objects of a stack that outlive its `pulumi destroy`, by kind."""
    created = [(KINDS[one["type"]], one["outputs"]["name"]) for one in project.resources(stack) if one["type"] in KINDS]
    stack.destroy()
    left = engine.orphans(cluster)
    for kind, name in created:
        if name in engine.docker(kind, "ls", "--format", "{{.Name}}").split():
            left.setdefault(kind, []).append(name)
    return left

"""What was found where."""

from collections.abc import Sequence

from toolchain import consul_image, docker_engine, docker_plugin, engine, kubernetes_plugin, language_host, venv
from toolchain.found import Found
from toolchain.kubernetes import cluster


def examine() -> list[Found]:
    """Everything the program needs, without changing anything."""
    pulumi = engine.find()
    docker = docker_engine.find()
    image = consul_image.find()
    plugins = [docker_plugin.PLUGIN.find(), kubernetes_plugin.PLUGIN.find()]
    return [venv.find(), pulumi, language_host.find(pulumi), *plugins, docker, image, cluster.find()]


def table(tools: Sequence[Found]) -> str:
    """One line per tool."""
    rows = [
        ("tool", "version", "origin", "path"),
        *((t.tool, t.version, t.origin.value, t.path) for t in tools),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )


def advice(tools: Sequence[Found]) -> list[str]:
    """What to do about each missing tool."""
    return [f"{tool.tool} is missing: {tool.advice}." for tool in tools if not tool.present]

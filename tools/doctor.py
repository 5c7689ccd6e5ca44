"""The table of what was found where."""

from collections.abc import Sequence

from tools.builds import venv
from tools.docker import engine as docker_engine
from tools.docker import image
from tools.found import Found
from tools.kubernetes import cluster
from tools.pulumi import engine, language_host, plugins


def examine() -> list[Found]:
    """All tools. Nothing is changed."""
    pulumi = engine.find()
    found = [venv.find(), pulumi, language_host.find(pulumi), *(plugin.find() for plugin in plugins.ALL)]
    return [*found, docker_engine.find(), image.find(), cluster.find()]


def table(tools: Sequence[Found]) -> str:
    """One line for each tool."""
    rows = [("tool", "version", "origin", "path"), *((t.tool, t.version, t.origin.value, t.path) for t in tools)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )


def advice(tools: Sequence[Found]) -> list[str]:
    """What to do about each missing tool."""
    return [f"{tool.tool} is missing: {tool.advice}." for tool in tools if not tool.present]

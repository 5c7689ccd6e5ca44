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


def lines(tools: Sequence[Found]) -> list[str]:
    """A table with a line for each tool, then what to do about the missing ones."""
    rows = [("tool", "version", "origin", "path"), *((t.tool, t.version, t.origin.value, t.path) for t in tools)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = ["  ".join([*map(str.ljust, row, widths), row[3]]) for row in rows]
    return table + [f"{tool.tool} is missing: {tool.advice}." for tool in tools if not tool.present]

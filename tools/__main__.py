"""`python3 -m tools COMMAND`: setup, doctor, env, docker, kubernetes, check, consul-formats."""

import argparse
import signal
import sys
from types import FrameType
from typing import NoReturn

from tools import check, consul_formats, doctor, environment, lanes, places, progress, setup
from tools.docker import engine as docker_engine
from tools.found import SetupError
from tools.kubernetes import cluster


def show_doctor(_: argparse.Namespace) -> int:
    """Prints the table; fails if something is missing."""
    tools = doctor.examine()
    print("\n".join(doctor.lines(tools)))
    return 0 if all(tool.present for tool in tools) else 1


def show_environment(_: argparse.Namespace) -> int:
    """Prints the lines for `eval`."""
    tools = environment.tools()
    print("\n".join(environment.lines(tools)))
    if not all(tool.present for tool in tools):
        progress.say("Some tools are missing: run `make setup`, then this again.")
    return 0


def docker(options: argparse.Namespace) -> int:
    """Starts, stops or restarts the Docker engine."""
    if options.action != "start":
        docker_engine.stop()
    if options.action != "stop":
        docker_engine.start()
    return 0


def kubernetes(options: argparse.Namespace) -> int:
    """Starts or ends a cluster. The plugin is built at the same time as the cluster's programs."""
    if options.action == "down":
        cluster.down(keep=options.keep)
        return 0
    with lanes.beside(setup.BUILD_KUBERNETES, places.ROOT):
        setup.report(cluster.up(options.nodes))
        return setup.kubernetes()


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python3 -m tools", description="Gets and starts what the program runs on.")
    commands = made.add_subparsers(required=True)

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help)

    one = command("setup", "find, download or build everything that a stack needs")
    one.add_argument("--stack", default="", help="the stack; one on Kubernetes needs the Kubernetes plugin")
    parts = {"kubernetes": setup.kubernetes, "languages": setup.languages}
    one.add_argument("--only", choices=tuple(parts))
    one.set_defaults(run=lambda options: parts[options.only]() if options.only else setup.run(options.stack))
    command("doctor", "show what was found where").set_defaults(run=show_doctor)
    command("env", 'print the environment: eval "$(python3 -m tools env)"').set_defaults(run=show_environment)
    one = command("check", "format, lint, types, unit tests, then the tests on real engines")
    one.add_argument("--only", choices=tuple(check.LANES), help="only the tests on this engine")
    one.set_defaults(run=lambda options: check.lane(options.only) if options.only else check.run())
    one = command("consul-formats", "read what releases of Consul read and store, for the checks of the settings")
    one.add_argument("releases", nargs="*", help="releases to add, such as 1.22.8")
    one.set_defaults(run=lambda options: consul_formats.write(options.releases))
    one = command("docker", "the Docker engine of this machine")
    one.add_argument("action", choices=("start", "stop", "restart"))
    one.set_defaults(run=docker)
    one = command("kubernetes", "a Kubernetes cluster on this machine")
    one.add_argument("action", choices=("up", "down"))
    one.add_argument("--nodes", type=int, default=1, choices=range(1, 10), help="the least number of nodes")
    one.add_argument("--keep", action="store_true", help="keep the cluster's data")
    one.set_defaults(run=kubernetes)
    return made


def terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends like Ctrl-C does, so that started commands are ended too."""
    raise KeyboardInterrupt


def ready_for_signals() -> None:
    """Makes SIGINT and SIGTERM end this process and what it starts, also if a shell made it ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminated)


def main() -> int:
    """Runs one command."""
    options = _parser().parse_args()
    ready_for_signals()
    try:
        return int(options.run(options))
    except SetupError as error:
        print(f"tools: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"tools: {error}; make room or give access there, then run it again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tools: interrupted; run it again to continue, finished steps are kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

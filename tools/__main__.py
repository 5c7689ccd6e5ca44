"""`python3 -m toolchain COMMAND`: setup, doctor, env, docker, kubernetes, check."""

import argparse
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from toolchain import (
    cache,
    check,
    consul_image,
    credentials,
    docker_engine,
    docker_plugin,
    doctor,
    engine,
    environment,
    kubernetes_plugin,
    language_host,
    progress,
    stack_files,
    venv,
)
from toolchain.errors import SetupError
from toolchain.found import Found
from toolchain.kubernetes import cluster


def setup() -> int:
    """Makes everything that is missing."""
    started = time.monotonic()
    with cache.lock():
        for step in (venv.setup, docker_engine.setup, consul_image.setup):
            report(step())
        pulumi = report(engine.setup())
        report(language_host.setup(pulumi))
        report(docker_plugin.PLUGIN.setup(pulumi))
        report(kubernetes_plugin.PLUGIN.setup(pulumi))
        if credentials.chosen_passphrase():
            stack_files.withdraw()
        else:
            stack_files.setup(pulumi.path, credentials.passphrase_file())
    progress.say(f"Ready after {time.monotonic() - started:.1f} s.")
    return 0


def report(found: Found) -> Found:
    """Says how a step ended."""
    progress.done(found.tool, found.summary())
    return found


def show_doctor() -> int:
    """Prints the table; fails when something is missing."""
    tools = doctor.examine()
    print(doctor.table(tools))
    todo = doctor.advice(tools)
    for line in todo:
        print(line)
    return 1 if todo else 0


def show_env() -> int:
    """Prints the lines for `eval`."""
    tools = environment.tools()
    print("\n".join(environment.lines(tools)))
    if not all(tool.present for tool in tools):
        progress.say("Some tools are missing: run `make setup`, then this again.")
    return 0


def docker(action: str) -> int:
    """Starts or stops the Docker engine."""
    {"start": docker_engine.start, "stop": docker_engine.stop, "restart": docker_engine.restart}[action]()
    return 0


def kubernetes_cluster(options: argparse.Namespace) -> int:
    """Starts or ends a cluster."""
    if options.action == "down":
        cluster.down(keep=options.keep)
    else:
        report(cluster.up(options.nodes))
    return 0


def terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """A polite kill ends like Ctrl-C does: what was started is ended too."""
    raise KeyboardInterrupt


def main() -> int:
    """Runs one command."""
    parser = argparse.ArgumentParser(prog="python3 -m toolchain", description="What the program runs on.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="find, fetch or build everything needed")
    commands.add_parser("doctor", help="show what was found where")
    commands.add_parser("env", help='print the environment; use it as eval "$(python3 -m toolchain env)"')
    commands.add_parser("check", help="format, lint, types, unit tests, then the tests on real engines")
    commands.add_parser("docker", help="the Docker engine of this machine").add_argument(
        "action", choices=("start", "stop", "restart")
    )
    kubernetes = commands.add_parser("kubernetes", help="a Kubernetes cluster on this machine")
    kubernetes.add_argument("action", choices=("up", "down"))
    kubernetes.add_argument("--nodes", type=int, default=1, choices=range(1, 10), help="at least so many")
    kubernetes.add_argument("--keep", action="store_true", help="keep the data of a cluster that ends")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, terminated)
    try:
        match options.command:
            case "setup":
                return setup()
            case "doctor":
                return show_doctor()
            case "env":
                return show_env()
            case "check":
                return check.run()
            case "kubernetes":
                return kubernetes_cluster(options)
            case _:
                return docker(options.action)
    except SetupError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"toolchain: {error}; make room or give access there, then run it again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("toolchain: interrupted; run it again to go on, what is finished is kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""The command `consul-on-pulumi`. Each subcommand imports what it needs, so that `--help` answers at once."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from consul_on_pulumi.review.losses import Kind
from consul_on_pulumi.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code. Ends the program with one sentence where it cannot do its work."""
    args = _parser().parse_args(arguments)
    try:
        os.chdir(args.cwd)
    except OSError as error:
        sys.exit(f"--cwd: {error}")
    match args.command:
        case "review":
            from consul_on_pulumi.cli import review

            return review.run(_stack(args), args.allow, args.event_log, args.events)
        case "snapshot" | "restore":
            from consul_on_pulumi.cli import snapshot

            print(snapshot.run(args.command, _stack(args), args.cluster, args.file))
        case "recover":
            from consul_on_pulumi.cli import recover

            print(recover.run(_stack(args), args.cluster))
        case "retained-data":
            from consul_on_pulumi.cli import retained

            sys.stdout.writelines(f"{line}\n" for line in retained.run(_stack(args), args.cluster))
        case "comment":
            from consul_on_pulumi.review import publish

            try:
                print(publish.publish(args.file.read_text(encoding="utf-8"), os.environ))
            except (OSError, KeyError) as error:
                sys.exit(f"the comment was not published: {error}")
        case "schema":
            from consul_on_pulumi.settings import json_schema

            print(json.dumps(json_schema.stack_file_schema(), indent=2))
    return 0


def _stack(args: argparse.Namespace) -> str:
    from consul_on_pulumi.cli import stack

    return args.stack or stack.selected()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consul-on-pulumi", description="Operate the Consul clusters of a Pulumi program."
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "-C", "--cwd", type=Path, default=".", metavar="DIR", help="folder of the Pulumi program (default: this one)"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    stack = argparse.ArgumentParser(add_help=False)
    stack.add_argument("-s", "--stack", help="name of the stack (default: the selected one)")
    cluster = argparse.ArgumentParser(add_help=False, parents=[stack])
    cluster.add_argument(
        "--cluster", metavar="NAME", help="name of the component, where the stack has several clusters"
    )

    review = commands.add_parser(
        "review",
        parents=[stack],
        help="preview the stack and describe the changes as Markdown",
        description="Preview the stack and describe the changes as Markdown.",
        epilog="Exit codes: 0; 1 the preview failed; 2 wrong command or unreadable event log; "
        "3 the change destroys or stops something that --allow does not name.",
    )
    review.add_argument(
        "--allow",
        action="append",
        default=[],
        choices=[kind.value for kind in Kind],
        help="permit this loss; repeatable",
    )
    review.add_argument("--event-log", type=Path, metavar="FILE", help="keep the events of the preview here")
    review.add_argument("--from", dest="events", type=Path, metavar="FILE", help="read these events and run no preview")
    save = commands.add_parser("snapshot", parents=[cluster], help="save everything that a cluster stores")
    save.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: a new file for this stack")
    restore = commands.add_parser("restore", parents=[cluster], help="replace everything that a cluster stores")
    restore.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="default: the newest snapshot of this stack"
    )
    commands.add_parser("recover", parents=[cluster], help="repair a cluster that lost its quorum permanently")
    retained = commands.add_parser("retained-data", parents=[stack], help="list the data that stayed after a destroy")
    retained.add_argument("--cluster", metavar="NAME", help="`name` in its settings (default: read from the stack)")
    comment = commands.add_parser("comment", help="publish a review on a pull request, in a GitHub workflow")
    comment.add_argument("file", type=Path, metavar="FILE", help="Markdown that `review` wrote")
    commands.add_parser("schema", help="print the JSON schema of a stack file")
    return parser


if __name__ == "__main__":
    sys.exit(main())

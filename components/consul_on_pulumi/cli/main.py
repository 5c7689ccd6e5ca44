"""The command `consul-on-pulumi`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from consul_on_pulumi.review.losses import Kind
from consul_on_pulumi.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code. Ends the program with one sentence where it cannot do its work."""
    args = _parser().parse_args(arguments)
    # Imported only now, so that `--help` answers at once.
    from consul_on_pulumi.cli import certificates, env, recover, retained, review, snapshot, stack
    from consul_on_pulumi.settings import json_schema

    try:
        os.chdir(args.cwd)
    except OSError as error:
        sys.exit(f"--cwd: {error}")
    match args.command:
        case "review":
            return review.run(
                stack.named(args.stack), args.allow, args.event_log, args.events, detailed=args.detailed_exitcode
            )
        case "snapshot" | "restore":
            print(snapshot.run(args.command, stack.named(args.stack), args.cluster, args.file))
        case "recover":
            print(recover.run(stack.named(args.stack), args.cluster))
        case "env" | "ui" | "token" | "retained-data" | "certificates":
            others = {"retained-data": retained.run, "certificates": certificates.run}
            for line in others.get(args.command, partial(env.run, args.command))(stack.named(args.stack), args.cluster):
                print(line)
        case "comment":
            print(_published(args.file))
        case "schema":
            print(json.dumps(json_schema.stack_file_schema(), indent=2))
    return 0


def _published(file: Path) -> str:
    from consul_on_pulumi.review import publish

    try:
        return publish.publish(file.read_text(encoding="utf-8"), os.environ)
    except UnicodeDecodeError:
        sys.exit(f"the comment was not published: {file} is not UTF-8: give a file that `review` wrote")
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"the comment was not published: {error}")


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
    cluster.add_argument("--cluster", metavar="NAME", help="the component, where the stack has several clusters")

    review = commands.add_parser(
        "review",
        parents=[stack],
        help="preview the stack and describe the changes as Markdown",
        epilog="Exit codes: 0; 1 the preview failed; 2 wrong command or unreadable event log; "
        "3 the change destroys or stops something that --allow does not name; "
        "4 with --detailed-exitcode, nothing changes, neither a resource nor an output of the stack.",
    )
    kinds = [kind.value for kind in Kind]
    review.add_argument("--allow", action="append", default=[], choices=kinds, help="permit this loss; repeatable")
    review.add_argument("--detailed-exitcode", action="store_true", help="exit with 4 where nothing changes")
    review.add_argument("--event-log", type=Path, metavar="FILE", help="keep the events of the preview here")
    review.add_argument("--from", dest="events", type=Path, metavar="FILE", help="read these events and run no preview")
    save = commands.add_parser("snapshot", parents=[cluster], help="save everything that a cluster stores")
    save.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: a new file for this stack")
    restore = commands.add_parser("restore", parents=[cluster], help="replace everything that a cluster stores")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: the newest snapshot of the stack")
    commands.add_parser("recover", parents=[cluster], help="repair a cluster that lost its quorum permanently")
    commands.add_parser(
        "env", parents=[cluster], help="print CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN and CONSUL_CACERT for a shell"
    )
    commands.add_parser("ui", parents=[cluster], help="print where the web UI is, and how to log in")
    commands.add_parser("token", parents=[cluster], help="print the token that may do everything")
    commands.add_parser(
        "certificates",
        parents=[cluster],
        help="list when the certificates of a cluster end",
        epilog="Exit codes: 0; 1 a certificate has to be renewed now.",
    )
    retained = commands.add_parser("retained-data", parents=[stack], help="list the data that stayed after a destroy")
    retained.add_argument("--cluster", metavar="NAME", help="`name` in its settings (default: read from the stack)")
    comment = commands.add_parser("comment", help="publish a review on a pull request, in a GitHub workflow")
    comment.add_argument("file", type=Path, metavar="FILE", help="Markdown that `review` wrote")
    commands.add_parser("schema", help="print the JSON schema of a stack file")
    return parser


if __name__ == "__main__":
    sys.exit(main())

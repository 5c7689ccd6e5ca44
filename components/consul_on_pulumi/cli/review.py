"""A preview as a comment for a pull request: `python -m review STACK`, or `make preview-comment STACK=dev`.

Exit codes: 0, or 1 where the preview is refused, 2 where the command is wrong, 3 where the change would lose something
that `--allow` does not name.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from consul_on_pulumi.review import engine
from consul_on_pulumi.review.comment import comment, found_losses
from consul_on_pulumi.review.losses import Kind, refused

UNREADABLE, LOST = 2, 3


def main(arguments: list[str]) -> int:
    """Write the comment to the standard output."""
    parser = argparse.ArgumentParser(prog="python -m review", description=__doc__, formatter_class=_Plain)
    parser.add_argument("stack")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        choices=[kind.value for kind in Kind],
        help="lose this knowingly; may be given more than once",
    )
    parser.add_argument("--event-log", type=Path, help="where to keep the engine's events")
    parser.add_argument("--from", dest="kept", type=Path, help="read these events instead of running a preview")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if args.kept:
                found = engine.read(args.kept)
            else:
                found = engine.preview(args.stack, args.event_log or Path(folder) / "events.json")
        except (OSError, ValueError) as error:
            print(f"{args.kept or args.stack}: no event log: {error}", file=sys.stderr)
            return UNREADABLE
    sys.stdout.write(comment(found, args.stack, args.allow))
    lost = refused(found_losses(found), args.allow)
    for loss in lost:
        print(f"not allowed: {loss.what} (--allow {loss.kind.value})", file=sys.stderr)
    return 1 if found.errors else LOST if lost else 0


_Plain = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

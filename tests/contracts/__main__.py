"""`python -m tests.contracts`: records the resources of this version, once, for its release.

It writes `tests/contracts/VERSION/PLATFORM.json`. From then on a test fails if a change of the code would replace or
orphan one of these resources in a stack of that version. Never record again to make that test pass. Run it at the root,
with `PYTHONPATH=components` unless the package is installed.
"""

import sys

from consul_on_pulumi.version import __version__

from tests.contracts import recorded


def main() -> int:
    """Writes the files of this version; refuses to change existing ones."""
    folder = recorded.FOLDER / __version__
    if folder.exists():
        sys.exit(
            f"{folder} exists: stacks of that version exist as well. Remove it only if {__version__} is unreleased."
        )
    found = {platform: recorded.resources(platform) for platform in recorded.PROGRAMS}
    folder.mkdir()
    for platform, resources in found.items():
        recorded.write(folder / f"{platform}.json", resources)
    return 0


if __name__ == "__main__":
    sys.exit(main())

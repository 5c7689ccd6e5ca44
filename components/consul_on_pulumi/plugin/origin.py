"""Where Pulumi got this plugin from.

Where a program names it by the address of a repository, the engine finds it by that address and its version alone. What
a component creates must name both, as the generated SDK does for the component (pulumi 3.259, LocalName in
sdk/go/common/workspace/plugins.go).
"""

import re
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

INSTALLED = re.compile(r"resource-.+-v(?P<version>\d+\.\d+\.\d+\S*)")
"""The folder of a plugin that Pulumi has cloned."""
ORIGIN = 'remote "origin"'


@cache
def options(here: Path = Path(__file__)) -> dict[str, str]:
    """The options of every resource of the plugin: none where the program names its folder."""
    for folder in here.parents:
        installed, config = INSTALLED.fullmatch(folder.name), folder / ".git" / "config"
        if installed and config.exists():
            git = ConfigParser(strict=False)
            git.read_string("\n".join(map(str.strip, config.read_text().splitlines())))
            address = urlsplit(git[ORIGIN]["url"])
            # Credentials in an address are no part of it.
            host = address.netloc.rpartition("@")[2]
            inside = here.relative_to(folder).parent.parent.parent.as_posix()
            return {
                "version": installed["version"],
                "plugin_download_url": f"git://{host}{address.path}/{inside}",
            }
    return {}

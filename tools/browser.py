"""A headless browser and its driver, for the tests that look at Consul's UI."""

import shutil

from tools import progress
from tools.builds import debian
from tools.found import SetupError

DRIVER = "chromedriver"


def setup() -> None:
    """Installs the driver and its browser where there is none. Where that fails, the tests that need it are skipped."""
    if shutil.which(DRIVER):
        return
    try:
        debian.install("chromium-driver", instead=f"put {DRIVER} and its browser on PATH")
    except SetupError as error:
        progress.say(f"  --  no browser, the tests of the UI are skipped: {error}")

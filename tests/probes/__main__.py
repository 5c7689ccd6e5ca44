"""`make probe`: everything that strangers try, on a closed and on an open cluster of each platform."""

import os
import sys
import tempfile
from pathlib import Path

from tests.e2e.cluster import stood_up
from tests.e2e.engine import RUN
from tests.probes import on_docker, page
from tests.probes.probe import Outcome
from tools import environment

SETTINGS = {"servers": 3, "clients": 1, "seeds": {"app": {"name": "web"}, "motd": "probed"}}
SECURITY = {"closed": {}, "open": {"enabled": False}}


def main() -> int:
    """Prints what succeeded; writes the page. Fails if that is not what the page says."""
    os.environ |= environment.variables(environment.tools(), os.environ)
    wrong = False
    for platform in sys.argv[1:] or page.TITLES:
        outcomes = []
        for name, security in SECURITY.items():
            with tempfile.TemporaryDirectory() as folder:
                found = probed(platform, Path(folder), name, security)
            outcomes.append(found)
            print(f"{platform}, {name}: {found.withstood} of {len(found.probes)} withstood", flush=True)
            for tries in found.unexpected(is_closed=name == "closed"):
                print(f"  not as expected: {tries}", flush=True)
                wrong = True
        page.write(platform, *outcomes)
    return int(wrong)


def probed(platform: str, folder: Path, name: str, security: dict[str, bool]) -> Outcome:
    """What came of all probes on a new cluster."""
    if platform == "kubernetes":
        from tests.probes import on_kubernetes

        return on_kubernetes.probed_in(folder, f"probe-{RUN}-{name}", {**SETTINGS, "security": security})
    with stood_up(folder, f"probe-{RUN}-{name}", {**SETTINGS, "security": security}) as cluster:
        cluster.up()
        cluster.whole()
        return on_docker.probed(cluster)


if __name__ == "__main__":
    sys.exit(main())

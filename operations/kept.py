"""Which data volumes outlived a destroy: `python -m operations.kept STACK`."""

import json
import subprocess
import sys


def kept(cluster: str) -> list[str]:
    """The names of the data volumes that carry this cluster's label."""
    listed = subprocess.run(
        ["docker", "volume", "ls", "--quiet", "--filter", f"label=consul.cluster={cluster}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(listed.stdout.split())


def cluster_of(stack: str) -> str:
    """The name of the cluster that the stack file describes."""
    asked = subprocess.run(
        ["pulumi", "config", "get", "--json", "cluster", "--stack", stack], capture_output=True, text=True, check=False
    )
    settings = json.loads(asked.stdout).get("objectValue", {}) if asked.returncode == 0 else {}
    return str(settings.get("name", f"consul-{stack}"))


def main(stack: str) -> None:
    """Name them, and say how they go; say nothing where there is none."""
    if names := kept(cluster_of(stack)):
        print(f"data was kept and the next `up` finds it: {', '.join(names)}")
        print(f"to remove it for good: docker volume rm {' '.join(names)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

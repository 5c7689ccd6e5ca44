"""The pinned versions, and how versions compare."""

import re

PULUMI = "3.259.0"
PULUMI_MINIMUM = "3.216.0"
# The last one inside a module that the Go module proxy serves; it drives newer engines and SDKs.
LANGUAGE_PYTHON = "3.79.0"
DOCKER_PLUGIN = "5.2.0"
KUBERNETES_PLUGIN = "4.34.2"
CONSUL = "1.20.6"
CONSUL_IMAGE = f"hashicorp/consul:{CONSUL}"
KUBERNETES = "1.34.2"
COREDNS = "1.14.7"
ACTIONLINT = "1.7.12"
GO_MINIMUM = "1.25.11"
PYTHON_MINIMUM = (3, 11)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version text: ``v3.216.0-dev`` gives (3, 216, 0)."""
    match = re.search(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def at_least(version: str, minimum: str) -> bool:
    """Whether a version text is the minimum or newer."""
    return numbers(version) >= numbers(minimum)

"""The release of Consul that an image has."""

import re
from collections.abc import Mapping
from typing import Any

Release = tuple[int, int, int]
"""A release such as 1.22.7."""

_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")
OFFICIAL = "(docker[.]io/)?((library/)?consul|hashicorp/consul(-enterprise)?)"
"""A pattern of HashiCorp's own repositories on Docker Hub, where a tag is the release. What a tag says elsewhere,
nobody knows."""
_OFFICIAL = re.compile(f"{OFFICIAL}:(?P<tag>[^@]+)(@.*)?")


def parse(text: str) -> Release | None:
    """The release in a text that begins with it, such as `1.22.7` or `1.22.7-ent`."""
    match = _RELEASE.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def moves(image: str) -> bool:
    """Whether this is a tag of HashiCorp's that gets another release in time, such as `1.22`."""
    match = _OFFICIAL.fullmatch(image)
    return match is not None and "@" not in image and parse(match["tag"]) is None


def of_image(image: str) -> Release | None:
    """The release that the name of an image tells, or None."""
    match = _OFFICIAL.fullmatch(image)
    return parse(match["tag"]) if match else None


def of(args: Mapping[str, Any]) -> Release | None:
    """The release that these settings tell, by `consul_version` or else by `image`; None if none tells it yet."""
    version, image = (args.get(name) for name in ("consul_version", "image"))
    return parse(str(version or "")) or (of_image(image) if isinstance(image, str) else None)


def text(release: Release) -> str:
    """`1.22.7`."""
    return ".".join(map(str, release))


def minor(release: Release) -> str:
    """`1.22`, for the first release of which Consul documents how to upgrade to it."""
    return f"{release[0]}.{release[1]}"


def versions_problem(args: Mapping[str, Any], path: str) -> str | None:
    """Why `consul_version` and `image` contradict each other, or None."""
    told, tag = parse(args.get("consul_version", "")), of({"image": args["image"]})
    if told is None or tag is None or told == tag:
        return None
    return f"{path}.consul_version: expected {text(tag)} as in the image, got {text(told)}: leave it out"

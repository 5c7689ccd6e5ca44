"""Releases that must not run, and keys that a release does not serve."""

import re

from consul_on_pulumi.releases.release import Release, text

UNUSABLE: dict[Release, str] = {
    (1, 12, 0): "cannot read keys with a percent sign (https://github.com/hashicorp/consul/issues/13236)",
    (1, 21, 5): "cannot read keys that hold anything but letters, digits and ,_./-?&= "
    "(https://github.com/hashicorp/consul/issues/22822)",
    (1, 22, 4): "was withdrawn (https://github.com/hashicorp/consul/blob/main/CHANGELOG.md)",
}
"""Why a release is refused."""

VALIDATES_KEYS: Release = (1, 21, 5)
"""The first release that refuses some keys, as CVE-2025-11392 demands."""

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")


def unusable(release: Release | None, instead: str) -> str | None:
    """Why this release is refused, or None; `instead` is an image to take."""
    reason = UNUSABLE.get(release) if release else None
    return f"Consul {text(release)} {reason}, take {instead}" if release and reason else None


def key_problem(key: str, release: Release | None) -> str | None:
    """Why servers of this release do not serve this key, or None.

    Consul undoes the escapes in a key and refuses what it then finds: a space, or two dots (agent/kvs_endpoint.go,
    validateKVKey). It stores such a key with a transaction all the same.
    """
    # If any escape is wrong, Consul takes the key as it is.
    if release is None or release < VALIDATES_KEYS or key.count("%") != len(_ESCAPED.findall(key)):
        return None
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), key)
    if plain == key or not (" " in plain or ".." in plain):
        return None
    what = "a space" if " " in plain else "`..`"
    return (
        f"holds {what} as an escape, which Consul {text(release)} stores but does not serve: rename it, or set "
        "`disable_kv_key_validation: true` in `agent_config`"
    )

"""Which names of images a setting takes: those that Docker reads, and that mean the same image tomorrow."""

import re

from consul_on_pulumi.releases import release
from consul_on_pulumi.schema.definition import Rule

_WORD = "[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*"
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = rf"(?:{_LABEL}(?:[.]{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_REFERENCE = rf"(?:{_REGISTRY}/)?{_WORD}(?:/{_WORD})*(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
_DIGEST = "@sha256:[0-9a-f]{64}"
_IMAGE = re.compile(f"{_REFERENCE}(?P<digest>{_DIGEST})?")
"""The grammar of Docker (distribution/reference, regexp.go)."""
_MOVING = rf"^{release.OFFICIAL}:(?!\d+[.]\d+[.]\d)[^@]*"
"""What `release.moves` says, for the JSON schema."""


def _is_exact(image: str) -> bool:
    found = _IMAGE.fullmatch(image)
    if not found or found["digest"]:
        return bool(found)
    return bool(found["tag"]) and found["tag"] != "latest" and not release.moves(image)


IMAGE = Rule(
    expected="an exact version or a digest such as hashicorp/consul:1.22.7",
    accepts=_is_exact,
    schema={
        "pattern": f"^[^@ ]+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|{_DIGEST})$",
        "not": {"pattern": f"(:latest|{_MOVING})$"},
    },
)
"""With any other image two runs might create two different clusters."""

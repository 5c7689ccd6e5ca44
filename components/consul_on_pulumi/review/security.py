"""What a preview generates again in a closed cluster."""

from collections.abc import Iterator, Sequence

from consul_on_pulumi.review.markdown import code
from consul_on_pulumi.review.steps import DYNAMIC, Step, mapping, name_of

AUTHORITY, CERTIFICATES, CREDENTIALS = (f"{DYNAMIC}{name}" for name in ("Authority", "Certificates", "Credentials"))
WORDS = {
    "tokens": "the ACL tokens of the agents and of this program. Agents load them while they run",
    "gossip_key": "the gossip key. Agents load it while they run",
    "management_token": "the management token. The servers restart one at a time",
}
"""What each word of `security.rotate` generates, and what that costs."""


def changes(steps: Sequence[Step]) -> Iterator[str]:
    """A sentence for each part that an update generates again."""
    for step in steps:
        if step.operation != "update":
            continue
        if step.type == AUTHORITY:
            yield "Renews the authority. Agents also trust the old one until the `pulumi up` after this one."
        elif step.type == CERTIFICATES:
            yield f"Renews certificates of {code(name_of(step.parent))}. Agents load them while they run."
        elif step.type == CREDENTIALS:
            before, after = mapping(step.before, "rotate"), mapping(step.after, "rotate")
            for word, what in WORDS.items():
                if before.get(word, "") != after.get(word, ""):
                    yield f"Renews {what}."

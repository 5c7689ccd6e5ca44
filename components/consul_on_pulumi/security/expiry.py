"""When a certificate is to be renewed: long before its end, since an expired one shuts its agent out."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from consul_on_pulumi.providers import engine_log

WARNING_DAYS = 30
"""How long before its end a certificate is renewed at the latest; a third of its life if that is less."""


RENEWS = "`pulumi up` renews it"
"""What happens then."""


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def is_due(what: str, certificates: Iterable[str], days: float, remedy: str = RENEWS) -> bool:
    """Whether one of these, in PEM, drawn for `days`, has to be renewed now. Then a preview says so, and the remedy."""
    from consul_on_pulumi.security import x509

    ends = min(map(x509.expires, certificates))
    due = ends - now() < timedelta(days=min(WARNING_DAYS, days / 3))
    if due:
        ended = "ended" if ends <= now() else "ends"
        engine_log.warn(f"security: {what} {ended} on {ends:%Y-%m-%d %H:%M} UTC. {remedy}")
    return due

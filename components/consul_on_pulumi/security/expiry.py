"""When a certificate is to be renewed: long before its end, since an expired one shuts its agent out.

Previews, and with them the comments on them, and `consul-on-pulumi certificates` say the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from consul_on_pulumi.providers import engine_log

WARNING = timedelta(days=30)
"""How long before its end a certificate is renewed at the latest; a third of its life if that is less."""


RENEWS = "`pulumi up` renews it"
"""What happens then."""


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate, and who renews it."""

    what: str
    pem: str
    """The certificate alone, or followed by others."""
    remedy: str = RENEWS
    """What is to be done before its end."""

    @property
    def ends(self) -> datetime:
        """The last moment, in UTC."""
        return self._life[1]

    @property
    def is_due(self) -> bool:
        """Whether it has to be renewed now."""
        begins, ends = self._life
        return ends - now() < min(WARNING, (ends - begins) / 3)

    @property
    def told(self) -> str:
        """When it ends, in words."""
        return f"{self.what} {'ended' if self.ends <= now() else 'ends'} on {self.ends:%Y-%m-%d %H:%M} UTC"

    @property
    def warning(self) -> str:
        """The same, and what is to be done."""
        return f"security: {self.told}. {self.remedy}"

    @property
    def _life(self) -> tuple[datetime, datetime]:
        from consul_on_pulumi.security import x509

        return x509.life(self.pem)


def is_due(certificates: Iterable[Certificate]) -> bool:
    """Whether one of these has to be renewed now. Then a preview says so, of that which ends first."""
    due = sorted((one for one in certificates if one.is_due), key=lambda one: one.ends)
    if due:
        engine_log.warn(due[0].warning)
    return bool(due)

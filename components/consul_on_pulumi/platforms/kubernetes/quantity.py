"""Quantities as Kubernetes writes them: `500m`, `1`, `256Mi`, `10Gi`."""

import re
from decimal import Decimal

from consul_on_pulumi.schema.definition import Rule

_QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{letter}i": 10 * power for power, letter in enumerate("KMGTPE", start=1)}


def amount(quantity: str) -> Decimal:
    """The number that `quantity` stands for (Kubernetes, apimachinery `resource.Quantity`). Raises ValueError."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no quantity")
    number, suffix = Decimal(found["number"]), found["suffix"] or ""
    if suffix in _BINARY:
        return number * Decimal(1 << _BINARY[suffix])
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:])) if suffix else number


def is_positive(quantity: object) -> bool:
    """Whether this is a quantity above zero."""
    return isinstance(quantity, str) and _QUANTITY.fullmatch(quantity) is not None and amount(quantity) > 0


QUANTITY = Rule(
    expected="a quantity such as 500m or 10Gi",
    accepts=is_positive,
    schema={"pattern": "^[0-9]+([.][0-9]+)?[A-Za-z0-9+-]*$"},
)

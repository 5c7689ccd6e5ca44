"""Resource quantities in the API server's one spelling: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``.

Rule: "canonical form" in k8s.io/apimachinery ``pkg/api/resource/quantity.go``.
"""

import re
from fractions import Fraction
from typing import Any

BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
SYNTAX = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i)|([numkMGTPE]?)|([eE][+-]?\d+))")


def canonical(value: Any) -> Any:
    """The quantity respelled; what is no quantity is returned as it is."""
    match = SYNTAX.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool):
        return value
    number, binary, decimal, exponent = match.groups()
    if binary:
        exact = Fraction(number) * 1024 ** BINARY.index(binary)
        if exact.denominator == 1 and abs(exact) >= 1024:
            return _binary(int(exact))
        return _decimal(exact)
    if exponent:
        return value
    return _decimal(Fraction(number) * Fraction(1000) ** DECIMAL[decimal or ""])


def _binary(number: int) -> str:
    power = 0
    while number and number % 1024 == 0 and power < len(BINARY) - 1:
        number, power = number // 1024, power + 1
    return f"{number}{BINARY[power]}"


def _decimal(number: Fraction) -> str:
    power = 0
    while number.denominator != 1 and power > -3:
        number, power = number * 1000, power - 1
    whole = -(-number.numerator // number.denominator)
    while whole and whole % 1000 == 0 and power < 6:
        whole, power = whole // 1000, power + 1
    return f"{whole}{next(suffix for suffix, at in DECIMAL.items() if at == power)}"

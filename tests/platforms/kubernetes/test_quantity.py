"""Quantities as Kubernetes writes them."""

from decimal import Decimal

import pytest
from consul_on_pulumi.platforms.kubernetes.syntax import QUANTITY, amount
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1", "1"),
        ("500m", "0.5"),
        ("1.5", "1.5"),
        ("10Gi", str(10 * 1024**3)),
        ("10G", "10000000000"),
        ("256Mi", str(256 * 1024**2)),
        ("128974848", "128974848"),
        ("129e6", "129000000"),
        ("1E3", "1000"),
        ("2E", "2000000000000000000"),
        ("1Ei", str(1024**6)),
        ("100k", "100000"),
        ("7n", "0.000000007"),
    ],
)
def test_a_quantity_has_the_amount_that_kubernetes_reads(written: str, number: str) -> None:
    assert amount(written) == Decimal(number)
    assert QUANTITY.accepts(written)


@pytest.mark.parametrize("written", ["", "Gi", "10 Gi", "10GB", "-1", "1.", ".5", "0x10", "1K", "0", None, 1, True])
def test_only_positive_quantities_are_accepted(written: object) -> None:
    assert not QUANTITY.accepts(written)


def test_text_that_is_no_quantity_has_no_amount() -> None:
    with pytest.raises(ValueError, match="'10GB' is no quantity"):
        amount("10GB")


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_amounts_with_different_units_are_comparable(one: int, other: int) -> None:
    assert (amount(f"{one}Mi") < amount(f"{other}Mi")) == (one < other)
    assert amount(f"{one}Gi") == amount(f"{one * 1024}Mi")

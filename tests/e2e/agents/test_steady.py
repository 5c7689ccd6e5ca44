"""A stack whose settings do not change does nothing, however often it runs."""

import os

import pytest

from tests.e2e.cluster import Cluster

pytestmark = pytest.mark.e2e

ROUNDS = int(os.environ.get("CONSUL_E2E_ROUNDS", "3"))


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
def test_up_refresh_and_preview_change_nothing(calm: Cluster, number: int) -> None:
    for operation in (calm.up, calm.refresh, calm.preview):
        assert operation().keys() == {"same"}, f"round {number}, {operation.__name__}: {calm.changed()}"

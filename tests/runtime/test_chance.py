"""Chance: seeded streams repeat and do not disturb one another."""

from __future__ import annotations

import re
import uuid

import pytest

from argosy.runtime.chance import Rng, SeededRng, SystemRng


def draws(rng: Rng) -> list[object]:
    return [rng.uuid(), rng.uniform(0, 1), rng.suffix(5), rng.token_bytes(8)]


def test_the_same_seed_draws_the_same() -> None:
    assert draws(SeededRng(7)) == draws(SeededRng(7)) != draws(SeededRng(8))


def test_a_fork_is_not_shifted_by_draws_elsewhere() -> None:
    disturbed = SeededRng(7)
    draws(disturbed)
    assert draws(disturbed.fork("names")) == draws(SeededRng(7).fork("names")) != draws(SeededRng(7).fork("uids"))


@pytest.mark.parametrize("rng", [SystemRng(), SeededRng(1)])
def test_every_source_keeps_the_forms(rng: Rng) -> None:
    assert uuid.UUID(rng.uuid()).version == 4
    assert re.fullmatch("[bcdfghjklmnpqrstvwxz2456789]{10}", rng.suffix(10))
    assert 2 <= rng.uniform(2, 3) <= 3
    assert len(rng.token_bytes(16)) == 16
    assert rng.fork("x").uuid() != rng.uuid()

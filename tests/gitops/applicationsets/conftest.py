"""A world with ApplicationSets in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.applicationsets import Bench, make_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with make_bench() as made:
        yield made

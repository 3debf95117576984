"""Fixtures of the HTTP tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest


@pytest.fixture
def wall_clock() -> datetime:
    """The real time: TLS libraries look at no other."""
    return datetime.fromtimestamp(time.time_ns() / 1e9, UTC)

"""The list of behaviours, a test by identifier; `python -m tests.vectors` reports them with their words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vectors.behaviours import behaviours, prove
from tests.vectors.behaviours.table import CHECKS, CLIENT_CHECKS

DATA = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[3] / "shared") / "data"


def identifiers() -> list[str]:
    listed = list(behaviours(DATA)) if (DATA / "kubernetes" / "behaviours.md").exists() else []
    return sorted({*listed, *CHECKS, *CLIENT_CHECKS})


@pytest.mark.parametrize("identifier", identifiers())
def test_a_listed_behaviour_is_true(identifier: str) -> None:
    prove(identifier)

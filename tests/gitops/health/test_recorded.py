"""Every recorded case of the compiled-in checks is judged as upstream judges it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vectors.argocd_health import run

SHARED = Path(os.environ.get("ARGOSY_SHARED", Path(__file__).parents[4] / "shared"))


def test_every_case_of_a_compiled_in_check_is_judged_as_recorded() -> None:
    if not (SHARED / "data").exists():
        pytest.skip("the recorded cases are not beside this checkout")
    outcomes = list(run(SHARED / "data"))
    assert outcomes
    assert [f"{one.name}: {one.detail}" for one in outcomes if not one.passed] == []

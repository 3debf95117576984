"""What real clients were seen to send is answered in a world that has what they name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vectors import client_requests

SHARED = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not here")
def test_no_captured_request_meets_a_closed_door() -> None:
    outcomes = list(client_requests.run(SHARED))
    assert len(outcomes) > 200
    assert [outcome for outcome in outcomes if not outcome.passed] == []

"""Each target for a few examples; `make fuzz` is the rest."""

from __future__ import annotations

import pytest

from tests.fuzz.running import examples
from tests.fuzz.targets import TARGETS

FEW = {"http": 8, "kustomize": 20}


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_stranger_sends_is_read_or_refused(name: str) -> None:
    examples(TARGETS[name], FEW.get(name, 60))

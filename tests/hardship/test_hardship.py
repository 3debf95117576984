"""Whatever goes wrong around a room, it ends where it would have undisturbed, and does nothing wrong on the way."""

from __future__ import annotations

import os

import pytest

from tests.hardship.rooms import ROOMS
from tests.kit.hardship import Story, endure

SEEDS = int(os.environ.get("HARDSHIP_SEEDS", "25"))
"""Of each story; `make hardship` takes 1,000."""
AT_ONCE = 25
"""Seeds of one test, so that workers can share them."""


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
@pytest.mark.parametrize(
    ("room", "kind"),
    [pytest.param(room, kind, id=f"{room}-{kind.name}") for room, kinds in ROOMS.items() for kind in kinds],
)
def test_a_story_ends_as_it_would_have_undisturbed(room: str, kind: type[Story], first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, SEEDS)):
        if seed % kind.every == 0:
            endure(room, kind, seed)

"""One family, in whatever process."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path

from .families import Family
from .outcome import Outcome, not_run


def replayed(family: Family, data: Path) -> list[Outcome]:
    """What came of a family, as far as it went: one that breaks keeps no other from its turn."""
    place, _, function = family.module.partition(":")
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(getattr(importlib.import_module(f".{place}", __package__), function or "run")(data))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:300]
        why = f"cannot be run: {type(error).__name__} {said} ({Path(where.filename).name}:{where.lineno})"
        outcomes.append(not_run(family.place, "", why))
    return outcomes

"""Modules are found by their names."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "argosy"
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def _stem(name: str) -> str:
    """`compare`, `comparing` and `comparer` have one; `informer` and `informers` do not."""
    for ending in ("ings", "ing", "er", "ed", "e"):
        if name.endswith(ending) and len(name) - len(ending) > 3:
            return name.removesuffix(ending)
    return name


def test_no_module_has_another_form_of_a_siblings_name() -> None:
    found = defaultdict(list)
    for path in SOURCE.rglob("*.py"):
        found[path.parent, _stem(path.stem)].append(path.stem)
    twins = {f"{folder.relative_to(SOURCE)}": names for (folder, _), names in found.items() if len(names) > 1}
    assert twins == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in SOURCE.rglob("*.py") if path.stem in SAYS_NOTHING] == []

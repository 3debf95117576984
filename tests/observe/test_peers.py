"""The list of the peers' metrics is that of the sheet."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tests.observe.peers import ABSENT, PEERS

SHEET = Path(__file__).resolve().parents[3] / "shared" / "spec" / "metrics.md"
FRAGMENT = re.compile(r"[a-z][a-z0-9_]*_[a-z0-9_]+")
BRACES = re.compile(r"\{([a-z0-9_, ]+)\}")


def expanded(text: str) -> list[str]:
    """`a_{b,c}` is `a_b` and `a_c`."""
    parts = BRACES.split(text)
    choices = [[part] if at % 2 == 0 else [word.strip() for word in part.split(",")] for at, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def named() -> list[str]:
    """Names, or ends of names, in the first column of the sheet's tables."""
    rows = [line.split("|")[1] for line in SHEET.read_text().splitlines() if line.startswith("| ")]
    words = [re.sub(r"\*`|[*…]", "", piece) for row in rows for piece in re.split(r"`\s*[/;,]?\s*`?|; ", row)]
    found = [fragment for word in words for one in expanded(word) for fragment in FRAGMENT.findall(one)]
    assert len(found) > 100, "the sheet has another form now"
    return found


@pytest.mark.skipif(not SHEET.exists(), reason="the shared specification is not there")
def test_each_name_of_the_sheet_is_in_the_list() -> None:
    ends = {name.strip("_") for name in named()}

    unknown = [end for end in ends if not any(end in name for name in PEERS)]

    assert sorted(unknown) == []


def test_what_is_absent_is_in_the_list() -> None:
    assert set(ABSENT) <= set(PEERS)

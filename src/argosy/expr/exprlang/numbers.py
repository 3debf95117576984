"""Number literals, as upstream's parser reads them: with Go's strconv, whose error messages are shown."""

from __future__ import annotations

import math
import re
from typing import Final

_BASES: Final = {"0x": (16, "hex"), "0b": (2, "binary"), "0o": (8, "octal")}
_LARGEST: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"\d*\.?\d*(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


def number(text: str) -> int | float:
    """Raises ValueError with upstream's message."""
    text = text.replace("_", "").lower()
    base, name = _BASES.get(text[:2], (10, "integer"))
    if base != 16 and ("." in text or "e" in text):
        value = float(text) if _DECIMAL.fullmatch(text) and text.strip(".") else math.inf
        if not math.isfinite(value):
            raise ValueError(f'invalid float literal: strconv.ParseFloat: parsing "{text}": value out of range')
        return value
    digits = text if base == 10 else text[2:]
    if not digits:
        raise ValueError(f'invalid {name} literal: strconv.ParseInt: parsing "{text}": invalid syntax')
    whole = int(digits, base) if len(digits) <= 64 else _LARGEST + 1
    if whole > _LARGEST:
        raise ValueError(f'invalid {name} literal: strconv.ParseInt: parsing "{text}": value out of range')
    return whole

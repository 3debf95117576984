"""The built-in functions by name: each takes the frame, which meters the work, and its arguments.

How many arguments there may be is checked before (`signatures`); their types once more here, for what was unknown then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from . import collections, conversions, moments, numbers, texts

FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    **texts.FUNCTIONS,
    **numbers.FUNCTIONS,
    **collections.FUNCTIONS,
    **conversions.FUNCTIONS,
    **moments.FUNCTIONS,
}

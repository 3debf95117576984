"""The built-in functions by name: each takes the frame, which meters the work, and its arguments.

The number of arguments is checked before (`signatures`); their types are checked again here, for those unknown then.
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

"""Which refusals of the API server are permanent, and which are temporary."""

from __future__ import annotations

from typing import Final

from argosy.machinery.controller import Refusal

_PASSING: Final = frozenset({401, 408, 409, 429})


def is_final(refusal: Refusal) -> bool:
    """The same request would be refused again: not if the server is unavailable, busy, or newer than our cache."""
    return 400 <= refusal.code < 500 and refusal.code not in _PASSING

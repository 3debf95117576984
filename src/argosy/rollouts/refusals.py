"""Which refusals of the API server stay as they are, and which pass."""

from __future__ import annotations

from typing import Final

from argosy.machinery.controller import Refusal

_PASSING: Final = frozenset({401, 408, 409, 429})


def is_final(refusal: Refusal) -> bool:
    """It will be refused again: a server that is away, busy or ahead of us says nothing about the object."""
    return 400 <= refusal.code < 500 and refusal.code not in _PASSING

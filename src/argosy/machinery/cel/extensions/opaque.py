"""Values of types that only their own functions can inspect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.types import (
    Type,
)
from argosy.machinery.cel.values import Opaque


def opaque(kind: Type, read: Callable[[str], Any]) -> Callable[[str], Opaque]:
    return lambda text: Opaque(kind.name, read(text))


def can(read: Callable[..., Any]) -> Callable[..., bool]:
    def check(*arguments: Any) -> bool:
        try:
            read(*arguments)
        except CelError:
            return False
        return True

    return check

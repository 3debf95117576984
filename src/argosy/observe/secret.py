"""A value that must not be shown: its text, repr and pickle are masked (security rule 9)."""

from __future__ import annotations

from typing import NoReturn

MASK = "******"


class Secret:
    """Opened with `reveal`, in transport code only. Equal values are equal; nothing else is revealed about them."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: hand over what the receiver needs, and only that")

"""Integers of 64 bits, signed and unsigned: whatever does not fit is an error."""

from __future__ import annotations

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.values import UInt

_LOW, _HIGH, _UHIGH = -(2**63), 2**63 - 1, 2**64 - 1


def checked_int(number: int) -> int:
    if not _LOW <= number <= _HIGH:
        raise CelError("integer overflow")
    return number


def unsigned(number: int) -> UInt:
    if not 0 <= number <= _UHIGH:
        raise CelError("unsigned integer overflow")
    return UInt(number)


def divided(left: int, right: int) -> int:
    if right == 0:
        raise CelError("division by zero")
    quotient = abs(left) // abs(right)
    return checked_int(quotient if (left < 0) == (right < 0) else -quotient)


def remainder(left: int, right: int) -> int:
    if right == 0:
        raise CelError("modulus by zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest

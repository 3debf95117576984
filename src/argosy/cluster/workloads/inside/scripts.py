"""Shell features that users' scripts need: loops over words, substitution, printf. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

TURNS: Final = 1000
"""Maximum iterations of a loop: more would delay others."""
PRINTED: Final = 1 << 16
"""Characters that one `printf` or `seq` prints."""
_LOOP: Final = re.compile(r"\s*for\s+([A-Za-z_]\w*)\s+in\s+([^;]*);\s*do\s+(.*?);?\s*done\s*;?\s*")
_SUBSTITUTION: Final = re.compile(r"'[^']*'|\$\(([^()]*)\)")
_CONVERSION: Final = re.compile(r"%(%|-?\d{0,3}[sd])|\\([nt\\])")
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Loop:
    name: str
    words: str
    body: str


def loop_of(line: str) -> Loop | None:
    """`for NAME in WORDS; do BODY; done`, if the line is exactly that."""
    found = _LOOP.fullmatch(line)
    return Loop(found[1], found[2], found[3]) if found else None


def substituted(line: str, printed: Callable[[str], str]) -> str:
    """The line with the output of `$(...)` commands inserted as words; single-quoted text stays."""

    def instead(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else " ".join(printed(found[1]).split())

    return _SUBSTITUTION.sub(instead, line)


def printf(words: Sequence[str]) -> str:
    """The format, repeated as long as there are words for it, as in POSIX. Raises ValueError."""
    if not words:
        raise ValueError("a format is missing")
    form, left = words[0], list(words[1:])
    text = ""
    while True:
        before = len(left)
        text += _CONVERSION.sub(lambda found: _converted(found, left), form)
        if len(text) > PRINTED:
            raise ValueError(f"more than {PRINTED} characters are not simulated")
        if not left or len(left) == before:
            return text


def _converted(found: re.Match[str], left: list[str]) -> str:
    if found[2]:
        return _ESCAPES[found[2]]
    if found[1] == "%":
        return "%"
    word = left.pop(0) if left else ""
    if found[1][-1] == "d":
        if word and not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
            raise ValueError(f"{word}: is not a number")
        word = str(int(word or "0"))
    width = int(found[1][:-1] or "0")
    return word.ljust(-width) if width < 0 else word.rjust(width)


def sequence(words: Sequence[str]) -> str:
    """`seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`. Raises ValueError."""
    if not 1 <= len(words) <= 3 or not all(re.fullmatch(r"-?[0-9]{1,9}", word) for word in words):
        raise ValueError("give LAST, FIRST LAST or FIRST STEP LAST, whole numbers")
    numbers = list(map(int, words))
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    step = numbers[1] if len(numbers) == 3 else 1
    if step == 0:
        raise ValueError("a step of 0 never ends")
    found = range(first, last + (1 if step > 0 else -1), step)
    if len(found) > PRINTED // 10:
        raise ValueError(f"more than {PRINTED // 10} numbers are not simulated")
    return "".join(f"{number}\n" for number in found)

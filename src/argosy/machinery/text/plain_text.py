"""Makes untrusted text safe to show: terminal control and text direction characters become visible escapes.

The escapes are JSON's, so that a JSON document that passes here means the same as before.
"""

from __future__ import annotations

import re
from typing import Final

_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""All control characters but line break and tab, and those that change the text direction invisibly."""

_BREAKING: Final = re.compile("[\t\n]")
_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def plain(text: str) -> str:
    """For text of any number of lines."""
    return _STEERING.sub(_escape, text)


def plain_line(text: str) -> str:
    """For one line: a name, or another value inside a sentence."""
    return _BREAKING.sub(_escape, plain(text))


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return _NAMED.get(char) or f"\\u{ord(char):04x}"

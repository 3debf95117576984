"""YAML as Go's yaml.v3 writes it, byte for byte, so that a file that a Go tool wrote shows only real changes.

`machinery.yaml.dump` writes as Kubernetes' tools print; this is what Argo CD's hydrator commits. Lists are indented by
two spaces too, keys are in yaml.v3's natural order (`a2` before `a10`), strings are quoted where a YAML 1.1 or 1.2
reader would misread them.
"""

from __future__ import annotations

import functools
import re
from calendar import monthrange
from collections.abc import Iterable
from typing import Final

from argosy.machinery.objects import JsonValue

SIMPLE_KEY_LIMIT: Final = 128
"""Maximum bytes of a key before its colon on one line."""

_BREAKS: Final = "\n\r\x85\u2028\u2029"
_WORDS: Final = frozenset((
    "", "~", "<<", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE",
    "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF",
    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
))  # fmt: skip
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_INTEGER: Final = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_PREFIXED: Final = re.compile(r"0b[-+]?[01]+|0o[-+]?[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?P<t>[Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_LEADING: Final = frozenset("#,[]{}&*!|>'\"%@`")
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_UNPRINTABLE: Final = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_QUOTED: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


def dump_all(documents: Iterable[JsonValue], step: int = 2, *, compact: bool = False) -> str:
    """Documents, separated by `---`; "" for none. `step`: the indentation inside a map.

    `compact`: lists are not indented, as Kubernetes' and Helm's tools write them.
    """
    return "---\n".join(_document(document, step, compact) for document in documents)


def _document(value: JsonValue, step: int, compact: bool) -> str:
    out: list[str] = []
    _node(value, 0, out, step, compact, inline=True)
    return "".join(out).lstrip(" ")


def _deeper(indent: int, step: int) -> int:
    """The next column that is a multiple of the step."""
    return step * ((indent + step) // step)


def _node(value: JsonValue, indent: int, out: list[str], step: int, compact: bool, *, inline: bool) -> None:
    """Appends the value and the end of its line. `inline`: a collection starts on the current line."""
    if isinstance(value, dict) and value:
        if not inline:
            out.append("\n")
        for number, key in enumerate(sorted(value, key=functools.cmp_to_key(_compare))):
            out.append(" " if inline and not number else " " * indent)
            _entry(key, value[key], indent, out, step, compact)
    elif isinstance(value, list) and value:
        if not inline:
            out.append("\n")
        for number, item in enumerate(value):
            out.append((" " if inline and not number else " " * indent) + "-")
            _node(item, indent + 2, out, step, compact, inline=True)
    elif isinstance(value, dict | list):
        out.append(" {}\n" if isinstance(value, dict) else " []\n")
    else:
        out.append(f" {_scalar(value, indent, step)}")


def _entry(key: str, value: JsonValue, indent: int, out: list[str], step: int, compact: bool) -> None:
    inside = indent if compact and isinstance(value, list) else _deeper(indent, step)
    if len(key.encode()) <= SIMPLE_KEY_LIMIT and not any(char in _BREAKS for char in key):
        out.append(f"{_text(key, indent, step, is_key=True)[:-1]}:")
        _node(value, inside, out, step, compact, inline=False)
        return
    out.append(f"? {_text(key, inside, step)}{' ' * indent}:")
    _node(value, inside, out, step, compact, inline=True)


def _scalar(value: JsonValue, indent: int, step: int) -> str:
    if isinstance(value, str):
        return _text(value, indent, step)
    if value is None:
        return "null\n"
    if isinstance(value, bool):
        return "true\n" if value else "false\n"
    return f"{_number(value)}\n" if isinstance(value, int | float) else f"{value}\n"


def _number(value: float) -> str:
    """As Go's JSON decodes it: 64-bit integers are integers, all others float64."""
    if value == int(value) and -(2**63) <= value < 2**63:
        return str(int(value))
    digits, _, exponent = f"{float(value)!r}".partition("e")
    mantissa, power = _shifted(digits, int(exponent or 0))
    if -4 <= power < 6:
        return digits if not exponent else f"{float(value):.{max(0, len(mantissa) - 1 - power)}f}"
    sign = "-" if value < 0 else ""
    tail = mantissa[1:].rstrip("0")
    return f"{sign}{mantissa[0]}{'.' if tail else ''}{tail}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _shifted(digits: str, exponent: int) -> tuple[str, int]:
    """The significant digits, and the exponent of the first."""
    whole, _, part = digits.lstrip("-").partition(".")
    joined = whole + part
    leading = len(joined) - len(joined.lstrip("0"))
    return joined.lstrip("0").rstrip("0") or "0", len(whole) - 1 - leading + exponent


def _text(text: str, indent: int, step: int, *, is_key: bool = False) -> str:
    """Including the end of its line."""
    is_plain_allowed, is_single_allowed, is_block_allowed = _allowed(text)
    if "\n" in text and is_block_allowed and not is_key:
        return _literal(text, indent, step)
    if "\n" in text or _is_other(text):
        return f"{_double(text)}\n"
    if is_plain_allowed:
        return f"{text}\n"
    return f"{_single(text, indent)}\n" if is_single_allowed else f"{_double(text)}\n"


def _allowed(text: str) -> tuple[bool, bool, bool]:
    """Whether the text may be written plain, in single quotes, as a block."""
    if not text:
        return True, True, False
    special, tabs = _UNPRINTABLE.search(text.replace("\t", " ")) is not None, "\t" in text
    has_breaks = any(char in _BREAKS for char in text)
    break_space = has_breaks and re.search(f"[{_BREAKS}] ", text) is not None
    space_break = has_breaks and re.search(f" [{_BREAKS}]", text) is not None
    single = not (break_space or space_break or tabs or special)
    edges = text[0] == " " or text[-1] == " " or text[0] in _BREAKS or text[-1] in _BREAKS
    plain = single and not edges and not has_breaks and not _has_indicators(text)
    return plain, single, not (text[-1] == " " or space_break or special)


def _has_indicators(text: str) -> bool:
    if text.startswith(("---", "...")) or text[0] in _LEADING:
        return True
    if text[0] in "?-" and (len(text) == 1 or text[1] in " \t"):
        return True
    return text.endswith(":") or any(mark in text for mark in (": ", ":\t", " #", "\t#"))


def _literal(text: str, indent: int, step: int) -> str:
    hint = str(step) if text[0] == " " or text[0] in _BREAKS else ""
    if text[-1] not in _BREAKS:
        hint += "-"
    elif len(text) == 1 or text[-2] in _BREAKS:
        hint += "+"
    lines = re.split(f"(?<=[{_BREAKS}])", text)
    margin = " " * (indent or step)
    body = "".join(line if line in _BREAKS else margin + line for line in lines if line)
    return f"|{hint}\n{body}" + ("" if text[-1] in _BREAKS else "\n")


def _single(text: str, indent: int) -> str:
    return "'" + re.sub(f"([{_BREAKS}])(?=[^{_BREAKS}])", rf"\1{' ' * indent}", text.replace("'", "''")) + "'"


def _double(text: str) -> str:
    if text.startswith("\ufeff"):
        return '"' + "".join(_escaped(char) for char in text) + '"'  # yaml.v3 takes each character for the mark
    return '"' + _QUOTED.sub(lambda found: _escaped(found.group()), text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    code = ord(char)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


@functools.lru_cache(maxsize=16384)
def _is_other(text: str) -> bool:
    """Whether some reader would take the unquoted text for a non-string."""
    if text in _WORDS:
        return True
    if text[0] == ".":
        return _FLOAT.fullmatch(text) is not None
    if text[0] not in "+-0123456789":
        return False
    if _BASE_60.fullmatch(text) or _is_time(text):
        return True
    plain = text.replace("_", "")
    return _is_integer(plain) or _is_float(plain) or _PREFIXED.fullmatch(plain) is not None


def _is_integer(text: str) -> bool:
    found = _INTEGER.fullmatch(text)
    if found is None:
        return False
    sign, digits = found.groups()
    octal = digits[0] == "0" and digits[1:].isdigit()
    value = int(digits, 8) if octal else int(digits, 0)
    return value <= 2**63 if sign == "-" else value < 2**63 if sign else value < 2**64


def _is_float(text: str) -> bool:
    return _FLOAT.fullmatch(text) is not None and abs(float(text)) != float("inf")


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    year, month, day, _, *clock, zone = found.groups()
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= monthrange(max(int(year), 1), int(month))[1]:
        return False
    if found["t"] is None:
        return True
    hour, minute, second = (int(part) for part in clock)
    if hour > 23 or minute > 59 or second > 59 or (found["t"] == " ") != (zone is None):
        return False
    return zone in (None, "Z") or (int(zone[1:3]) <= 24 and int(zone[4:]) < 60)


def _compare(left: str, right: str) -> int:
    """yaml.v3's order of keys: letters last, numbers inside by their value."""
    is_after_digit = False
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one == other:
            is_after_digit = one.isdecimal()
            continue
        if one.isalpha() and other.isalpha():
            return -1 if one < other else 1
        if one.isalpha() or other.isalpha():
            return -1 if (one.isalpha() if is_after_digit else other.isalpha()) else 1
        return _by_number(left, right, at)
    return len(left) - len(right)


def _by_number(left: str, right: str, at: int) -> int:
    continued = ""
    if "0" in (left[at], right[at]):
        digits = re.search(r"\d*$", left[:at])
        continued = "1" if digits and digits.group().strip("0") else ""
    ours, theirs = (re.match(r"\d*", text[at:]) for text in (left, right))
    assert ours is not None
    assert theirs is not None
    pairs = ((_wrapped(int(f"{continued}{found.group()}" or 0)), found.end()) for found in (ours, theirs))
    (one, one_end), (other, other_end) = pairs
    if one != other:
        return -1 if one < other else 1
    if one_end != other_end:
        return -1 if one_end < other_end else 1
    return -1 if left[at] < right[at] else 1


def _wrapped(number: int) -> int:
    """Overflows like Go's int64."""
    return (number + 2**63) % 2**64 - 2**63

"""The error of Go's text/template for a missing key, from gotpl's: other words, byte offsets, and the field itself.

People search for this text, and scripts compare it.
"""

from __future__ import annotations

import re
from typing import Final

MARK: Final = "missing key or attribute"
"""In gotpl's message; a test checks it."""
_TOLD: Final = re.compile(rf"^template: template:(\d+):(\d+): executing \"template\": {MARK} '(.*)'$")
_FIELDS: Final = re.compile(r"(\$\w*)?(\.[A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)")


def go_message(message: str, source: str, name: str) -> str:
    """`template: NAME:1:2: executing "NAME" at <.n>: map has no entry for key "n"`, or other messages unchanged."""
    found = _TOLD.match(message)
    if found is None:
        return message
    number, column, key = int(found[1]), int(found[2]) - 1, found[3]
    lines = source.split("\n")
    line = lines[number - 1] if number <= len(lines) else ""
    for fields in _FIELDS.finditer(line, column):
        variable, first, more = fields[1] or "", fields[2], fields[3]
        if f".{key}." not in f"{first}{more}.":
            continue
        # Go names the place after a variable; of several fields, that of the second one.
        at = fields.start() + len(variable) + (len(first) if more and not variable else 0)
        place = f"{name}:{number}:{len(line[:at].encode())}"
        return f'template: {place}: executing "{name}" at <{fields[0]}>: map has no entry for key "{key}"'
    return f'template: {name}:{number}:{column}: executing "{name}": map has no entry for key "{key}"'

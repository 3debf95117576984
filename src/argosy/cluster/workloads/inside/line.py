"""A line typed at a terminal: what is echoed, and when it is complete. Pure.

Editing supports what every terminal has: backspace, Ctrl-C to start over, Ctrl-D on an empty line to finish.
Escape sequences (arrows and the like) are consumed and dropped: their letters are not text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENTER: Final = b"\r\n"
BACKSPACE: Final = b"\x7f\x08"
ESCAPE, INTERRUPT, END = 0x1B, 0x03, 0x04
LONGEST: Final = 4096
"""Maximum bytes of a line, as in a POSIX terminal (MAX_CANON is 255 at least, Linux has 4,095)."""


@dataclass(slots=True)
class Line:
    """`text` so far."""

    text: bytes = b""
    _escape: bytes = b""

    def take(self, byte: int) -> bytes:
        """The text to echo."""
        if self._escape:
            return self._escaped(byte)
        if byte == ESCAPE:
            self._escape = b"\x1b"
            return b""
        if byte in BACKSPACE:
            return self._back()
        if byte < 0x20 or len(self.text) >= LONGEST:
            return b""
        self.text += bytes([byte])
        return bytes([byte])

    def _escaped(self, byte: int) -> bytes:
        """ECMA-48, 5.4: a control sequence ends with the first byte from 0x40 to 0x7e after its introducer."""
        is_introducer = self._escape == b"\x1b" and byte in b"[O"
        self._escape = self._escape + bytes([byte]) if is_introducer or not 0x40 <= byte <= 0x7E else b""
        return b""

    def _back(self) -> bytes:
        if not self.text:
            return b""
        while len(self.text) > 1 and self.text[-1] & 0xC0 == 0x80:  # the rest of a character in UTF-8
            self.text = self.text[:-1]
        self.text = self.text[:-1]
        return b"\b \b"

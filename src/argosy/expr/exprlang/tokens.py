"""Splits an expression into tokens, lazily: a parser that stops early reports no later error first.

expr-lang: parser/lexer. A name may contain letters and digits of any script, `_` and `$`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from argosy.machinery.text.go_text import quoted

from .errors import ExprError
from .escapes import EscapeError, bytes_of, text_of


class Kind(StrEnum):
    IDENTIFIER = "Identifier"
    NUMBER = "Number"
    STRING = "String"
    BYTES = "Bytes"
    OPERATOR = "Operator"
    BRACKET = "Bracket"
    EOF = "EOF"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    value: str
    at: int

    def __str__(self) -> str:
        return f"{self.kind}({quoted(self.value)})" if self.value else str(self.kind)


NEGATABLE: Final = frozenset({"in", "matches", "contains", "startsWith", "endsWith"})
_WORDS: Final = NEGATABLE | {"not", "or", "and", "let", "if", "else"}
_SECOND: Final = {"?": ".?", "|": "|", ":": ":", "&": "&=*", "!": "&=*", "=": "&=*", "*": "&=*", "<": "&=*", ">": "&=*"}
_ESCAPED: Final = {"a", "b", "f", "n", "r", "t", "v", "\\"}


def tokens(source: str) -> Iterator[Token]:
    """Ends with EOF. Raises ExprError."""
    lexer = _Lexer(source)
    while True:
        token = lexer.next()
        yield token
        if token.kind is Kind.EOF:
            return


def is_name_part(char: str) -> bool:
    return char != "" and (char in "_$" or char.isalpha() or char.isdecimal())


def is_name(text: str) -> bool:
    return text != "" and not text[0].isdecimal() and all(map(is_name_part, text))


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def next(self) -> Token:
        self._skip_blanks()
        start = self.at
        char = self._peek()
        if char == "":
            return Token(Kind.EOF, "", max(0, len(self.source) - 1))
        if char in "'\"":
            return self._string(start)
        if char == "`":
            return self._raw(start)
        if char in "bB" and self._peek(1) in ("'", '"'):
            return self._bytes(start)
        if (char.isascii() and char.isdigit()) or (char == "." and self._peek(1).isascii() and self._peek(1).isdigit()):
            return self._number(start)
        if is_name_part(char):
            return self._word(start)
        return self._symbol(start, char)

    def _peek(self, ahead: int = 0) -> str:
        return self.source[self.at + ahead : self.at + ahead + 1]

    def _take(self, kind: Kind, start: int) -> Token:
        return Token(kind, self.source[start : self.at], start)

    def _error(self, message: str) -> ExprError:
        return ExprError(message, self.source, max(0, self.at - 1))

    def _skip_blanks(self) -> None:
        while True:
            char = self._peek()
            if char != "" and char.isspace():
                self.at += 1
            elif self.source.startswith("//", self.at):
                end = self.source.find("\n", self.at)
                self.at = len(self.source) if end < 0 else end + 1
            elif self.source.startswith("/*", self.at):
                end = self.source.find("*/", self.at + 2)
                if end < 0:
                    self.at = len(self.source) + 1
                    raise self._error("unclosed comment")
                self.at = end + 2
            else:
                return

    def _symbol(self, start: int, char: str) -> Token:
        self.at += 1
        if char in "([{)]}":
            return self._take(Kind.BRACKET, start)
        if char in ",;%+-^/#":
            return self._take(Kind.OPERATOR, start)
        if char == "." or char in _SECOND:
            following = self._peek()
            if following and following in (_SECOND.get(char) or "."):
                self.at += 1
            return self._take(Kind.OPERATOR, start)
        raise self._error(f"unrecognized character: U+{ord(char):04X} '{char}'")

    def _word(self, start: int) -> Token:
        while is_name_part(self._peek()):
            self.at += 1
        word = self.source[start : self.at]
        return self._take(Kind.OPERATOR if word in _WORDS else Kind.IDENTIFIER, start)

    def _number(self, start: int) -> Token:
        digits = "0123456789_"
        if self._peek() == "0":
            self.at += 1
            allowed = {"x": "0123456789abcdefABCDEF_", "o": "01234567_", "b": "01_"}.get(self._peek().lower())
            if allowed is not None:
                self.at += 1
                digits = allowed
        self._run(digits)
        if self._peek() == "." and self._peek(1) != ".":
            self.at += 1
            self._run(digits)
        elif self._peek() == ".":
            return self._take(Kind.NUMBER, start)
        if self._peek() in ("e", "E"):
            self.at += 1
            if self._peek() in ("+", "-"):
                self.at += 1
            self._run(digits)
        if is_name_part(self._peek()):
            self.at += 1
            raise self._error(f"bad number syntax: {quoted(self.source[start : self.at])}")
        return self._take(Kind.NUMBER, start)

    def _run(self, allowed: str) -> None:
        while self._peek() and self._peek() in allowed:
            self.at += 1

    def _string(self, start: int) -> Token:
        quote = self._peek()
        self.at += 1
        self._to_closing(quote)
        try:
            value = text_of(self.source[start : self.at])
        except EscapeError as error:
            raise self._error(str(error)) from None
        return Token(Kind.STRING, value, start)

    def _bytes(self, start: int) -> Token:
        """The value has one character for each byte."""
        self.at += 1
        quote = self._peek()
        self.at += 1
        self._to_closing(quote)
        try:
            value = bytes_of(self.source[start + 1 : self.at])
        except EscapeError as error:
            raise self._error(str(error)) from None
        return Token(Kind.BYTES, value.decode("latin-1"), start)

    def _to_closing(self, quote: str) -> None:
        while (char := self._peek()) != quote:
            if char in ("", "\n"):
                self.at += 1
                raise self._error("literal not terminated")
            self.at += 1
            if char == "\\":
                self._escape(quote)
        self.at += 1

    def _escape(self, quote: str) -> None:
        """Only skips it; `escapes` reads it. Hexadecimal and octal digits are checked when they are read."""
        char = self._peek()
        if char == "" or not (char in _ESCAPED or char == quote or char in "01234567xuU"):
            self.at += 1
            raise self._error("invalid char escape")
        self.at += 1

    def _raw(self, start: int) -> Token:
        """Between backticks; a doubled one is an escaped one."""
        at = start + 1
        while True:
            end = self.source.find("`", at)
            if end < 0:
                self.at = len(self.source) + 1
                raise self._error("literal not terminated")
            if self.source[end + 1 : end + 2] != "`":
                break
            at = end + 2
        self.at = end + 1
        return Token(Kind.STRING, self.source[start + 1 : end].replace("``", "`"), start)

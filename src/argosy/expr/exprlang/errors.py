"""Errors of expressions in expr-lang's format: the message, the position, and the line with a marker below it."""

from __future__ import annotations


class Fault(Exception):
    """An evaluation error; functions of the environment raise it, too. The position is added later."""


class ExprError(Exception):
    """An expression that cannot be compiled or evaluated. `message` is bare, `text` adds `(line:column)`."""

    def __init__(self, message: str, source: str = "", offset: int | None = None) -> None:
        self.message = message
        self.line, self.column, self.snippet = _placed(source, offset) if offset is not None else (0, 0, "")
        super().__init__(message)

    @property
    def text(self) -> str:
        """`cannot fetch deep from <nil> (1:13)`."""
        return f"{self.message} ({self.line}:{self.column})" if self.snippet else self.message

    def __str__(self) -> str:
        return self.text + self.snippet


def _placed(source: str, offset: int) -> tuple[int, int, str]:
    """Line and column count from 1, in characters; an empty line has no snippet, and then no position in the text."""
    before = source[:offset]
    line = before.count("\n")
    start = before.rfind("\n") + 1
    column = len(before) - start
    end = source.find("\n", start)
    shown = source[start:] if end < 0 else source[start:end]
    snippet = "\n | " + shown.replace("\t", " ") + "\n | " + "." * column + "^" if shown else ""
    return line + 1, column + 1, snippet

"""Structured logging: JSON lines for machines, short lines for people; both without secrets (security rule 9).

Redaction is the second line of defence. The first is that nobody passes a secret to a logger.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TextIO

from argosy.observe.secret import MASK
from argosy.observe.tracing import trace_id

Format = Literal["json", "console"]

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(-----END \1-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@:]*(:[^\s/@]*)?@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), MASK),
    (
        re.compile(
            r"(?i)([\"']?\b[\w.-]*(?:password|passwd|passphrase|token|secret|api[_-]?key|private[_-]?key)[\"']?"
            r"\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}\])]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|xox[abpr]-|AKIA)[A-Za-z0-9_-]{10,}"), MASK),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def scrubbed(text: str) -> str:
    """The text without anything that looks like a credential, and without terminal control characters."""
    for pattern, put in _PATTERNS:
        text = pattern.sub(put, text)
    return _CONTROL.sub("�", text)


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, message, then the record's extra fields."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._now = now

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _moment(record, self._now).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
        }
        if trace := trace_id():
            line["trace_id"] = trace
        for name, value in _extra(record).items():
            line[name] = (
                value if isinstance(value, bool | int | float) else scrubbed(f"{name}={value}")[len(name) + 1 :]
            )
        if record.exc_info:
            line["error"] = scrubbed(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class ConsoleLines(logging.Formatter):
    """`12:30:01 WARNING argosy.gitops: message key=value`."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._now = now

    def format(self, record: logging.LogRecord) -> str:
        moment = _moment(record, self._now)
        extra = "".join(f" {name}={value}" for name, value in _extra(record).items())
        if trace := trace_id():
            extra += f" trace_id={trace}"
        # One line each: a line break in a name must not look like another record.
        message = f"{record.getMessage()}{extra}".replace("\n", "\\n")
        line = f"{moment:%H:%M:%S} {record.levelname:7} {record.name}: {message}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return scrubbed(line)


def set_up_logging(
    *,
    style: Format = "console",
    level: str = "INFO",
    stream: TextIO | None = None,
    now: Callable[[], datetime] | None = None,
) -> logging.Handler:
    """One handler for the process, replacing any previous one; `now` gives the lines virtual time. Returns it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(now) if style == "json" else ConsoleLines(now))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    return handler


def _moment(record: logging.LogRecord, now: Callable[[], datetime] | None) -> datetime:
    return datetime.fromtimestamp(record.created, UTC) if now is None else now()


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in record.__dict__.items() if name not in _OWN_FIELDS}

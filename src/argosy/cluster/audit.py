"""The audit trail (security rule 18): one record for each mutating call, and denials counted by subject.

`Auditor` makes the records and knows nothing of files; they are stored through the port `AuditLog`. Records name
objects and never contain values: the state before and after is recorded as digests only, keyed with a secret of this
process, so that a small secret cannot be guessed from its digest. `AuditFile` writes JSON lines to a file of mode 0600
that is append-only. At its size limit the file is rotated to a numbered name and a new one is started.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import orjson

from argosy.cluster.kind import User
from argosy.observe.metrics import REGISTRY

READING_VERBS = frozenset({"get", "list", "watch", "head", "options"})
CREDENTIAL = "authentication.kubernetes.io/credential-id"
SUBJECT_LIMIT = 1000
"""Number of subjects counted by name. All others share one counter, so that no client can fill memory with names."""
LINE_LIMIT = 512
"""Maximum characters of a name in a record: names in URLs are chosen by the client."""
FILE_LIMIT = 64 * 1024 * 1024
FILES_KEPT = 8
DIGESTS_REMEMBERED = 64

_log = logging.getLogger(__name__)
_denials = REGISTRY.counter(
    "argosy_cluster_denials_total", "Requests answered 401 or 403, by who asked.", ("subject", "code")
)
_lost = REGISTRY.counter("argosy_cluster_audit_lost_total", "Audit records that the disk refused.")


class AuditLog(Protocol):
    """Stores lines durably, in order."""

    def append(self, line: bytes) -> None:
        """Takes one JSON line including its newline. Must neither block nor raise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The attempted request. Empty means absent; `verb` is the authorizer's."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    agent: str = ""


class Auditor:
    """Counts denials of every request, and records each denied request that could have changed something."""

    def __init__(self, log: AuditLog | None, now: Callable[[], datetime], key: bytes) -> None:
        self._log = log
        self._now = now
        # the state after one write is the state before the next: the two are the same bytes object
        self._digest = lru_cache(maxsize=DIGESTS_REMEMBERED)(partial(_keyed_digest, key))
        self._subjects: set[str] = set()

    @property
    def records(self) -> bool:
        return self._log is not None

    def denied(self, subject: str, code: int) -> None:
        if subject not in self._subjects:
            if len(self._subjects) >= SUBJECT_LIMIT:
                subject = "(others)"
            self._subjects.add(subject)
        _denials.add(subject=subject, code=str(code))

    def digest(self, encoded: bytes | None) -> str:
        """The digest of one stored state. Equal states have equal digests while this process lives."""
        return self._digest(encoded) if encoded else ""

    def record(
        self,
        act: Act,
        user: User | None,
        code: int,
        *,
        audit_id: str = "",
        before: bytes | None = None,
        after: bytes | None = None,
        impersonator: str = "",
    ) -> None:
        """`before` and `after` are stored states, as JSON; only their digests are kept."""
        if self._log is None:
            return
        record = {
            "time": self._now().isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "auditID": audit_id,
            "user": _short(user.name) if user else "",
            "groups": user.groups if user else (),
            "credential": user.extra.get(CREDENTIAL, ()) if user else (),
            "impersonatedBy": _short(impersonator),
            "verb": act.verb,
            "group": _short(act.group),
            "resource": _short(act.resource),
            "namespace": _short(act.namespace),
            "name": _short(act.name),
            "path": _short(act.path),
            "code": code,
            "before": self.digest(before),
            "after": self.digest(after),
            "agent": _short(act.agent),
        }
        self._log.append(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def _short(text: str) -> str:
    """Limits the length and drops invalid characters: text from a URL may contain anything."""
    text = text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _keyed_digest(key: bytes, encoded: bytes) -> str:
    """The key is mixed in last, over a digest, since states may be long. 128 bits suffice to distinguish them."""
    return hashlib.sha256(hashlib.sha256(encoded).digest() + key).hexdigest()[:32]


class AuditFile:
    """Appends each line to `path` immediately: an answered call is on record even if the process is killed."""

    def __init__(self, path: Path, *, limit: int = FILE_LIMIT, kept: int = FILES_KEPT) -> None:
        """Raises OSError when the file cannot be opened."""
        self._path, self._limit, self._kept = path, limit, kept
        self._broken = False
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(self._file, 0o600)
        self._size = os.fstat(self._file).st_size

    def append(self, line: bytes) -> None:
        """A failing disk is logged once and counted; it never stops the server."""
        try:
            if self._size and self._size + len(line) > self._limit:
                self._rotate()
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
            self._size += len(line)
        except OSError as error:
            _lost.add()
            if not self._broken:
                _log.error("the audit trail cannot be written: %s", error.strerror)
            self._broken = True
        else:
            self._broken = False

    def _rotate(self) -> None:
        """Renames audit.log to audit.log.1, that to .2 and so on; the oldest file is deleted."""
        os.close(self._file)
        try:
            for number in range(self._kept - 1, 0, -1):
                older = Path(f"{self._path}.{number}")
                if older.exists():
                    older.rename(f"{self._path}.{number + 1}")
            self._path.rename(f"{self._path}.1")
        finally:
            self._open()

    def close(self) -> None:
        os.close(self._file)

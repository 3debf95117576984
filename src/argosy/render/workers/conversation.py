"""The parent's side of one job: sends it, answers the worker's questions from trees, and records each of them.

Blocking, runs in a thread of render/workers/pool.py. The worker can read exactly the trees it was given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces
from argosy.render.checking import checked
from argosy.render.inputs import AnswerBook, Operation, Question
from argosy.render.object_limit import too_many
from argosy.render.workers.wire import Closed, Pipe
from argosy.sources.port import Entry, NotFound, SourceError, Tree

ADVANCE_FILES: Final = 64
ADVANCE_BYTES: Final = 512 * 1024
ADVANCE_FILE_BYTES: Final = 128 * 1024
QUESTION_LIMIT: Final = 200_000
WARNING_LENGTH: Final = 500

Root = Tree | str
"""A tree, or why it is not available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One job's result: manifests as JSON, one per line, or an error for the user, or a root that is needed first."""

    manifests: bytes | None = None
    error: str = ""
    needed: str = ""
    warnings: tuple[str, ...] = ()
    inputs: Mapping[Question, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A job as JSON with the roots it may read. `advance`: paths whose listing and files are sent along."""

    job: JsonObject
    roots: Mapping[str, Root]
    advance: str | None = None
    recurse: bool = False


def converse(pipe: Pipe, assignment: Assignment, book: AnswerBook) -> Outcome:
    """Runs the job to its end. Raises Closed when the worker dies or breaks the protocol."""
    return _Conversation(pipe, assignment, book).run()


class _Conversation:
    def __init__(self, pipe: Pipe, assignment: Assignment, book: AnswerBook) -> None:
        self._pipe = pipe
        self._assignment = assignment
        self._book = book
        self._inputs: dict[Question, str] = {}

    def run(self) -> Outcome:
        tree = self._assignment.roots[""]
        path = self._assignment.advance
        advance, body = ({}, b"") if path is None or isinstance(tree, str) else self._advance(tree, path)
        known = {name: root if isinstance(root, str) else "" for name, root in self._assignment.roots.items()}
        self._pipe.send({"job": self._assignment.job, "roots": known, "advance": advance}, body)
        for _ in range(QUESTION_LIMIT):
            header, body = self._pipe.receive()
            if "done" in header:
                return self._outcome(header, body)
            self._pipe.send(*self._reply(header))
        raise Closed(f"more than {QUESTION_LIMIT} files were asked for")

    def _outcome(self, header: JsonObject, body: bytes) -> Outcome:
        for operation, path in header.get("used") or ():
            self._note("", operation, path)
        match header["done"]:
            case "manifests":
                warnings = tuple(str(text)[:WARNING_LENGTH] for text in header.get("warnings") or ())
                return Outcome(manifests=body, inputs=self._inputs, warnings=warnings)
            case "needed":
                return Outcome(needed=str(header["root"]), inputs=self._inputs)
            case _:
                return Outcome(error=str(header.get("message")), inputs=self._inputs)

    def _reply(self, header: JsonObject) -> tuple[JsonObject, bytes]:
        root, path, operation = str(header.get("root")), str(header.get("path")), header.get("ask")
        tree = self._assignment.roots.get(root)
        if tree is None or isinstance(tree, str):
            return {"error": f"{root}: no such root"}, b""
        try:
            match operation:
                case "stat":
                    self._note(root, "stat", path)
                    entry = tree.stat(path)
                    return {"entry": _seen(entry) if entry else None}, b""
                case "list":
                    self._note(root, "list", path)
                    return {"entries": [_seen(entry) for entry in tree.list(path)]}, b""
                case "read":
                    self._note(root, "read", path)
                    return {}, tree.read(path, limit=int(header["limit"]))
        except SourceError as error:
            return {"error": str(error)}, b""
        raise Closed(f"unknown question {operation!r}")

    def _note(self, root: str, operation: Operation, path: str) -> None:
        tree = self._assignment.roots[root]
        assert not isinstance(tree, str)
        self._inputs[Question(root, operation, path)] = self._book.of(tree).short(operation, path)

    def _advance(self, tree: Tree, path: str) -> tuple[JsonObject, bytes]:
        """The answers to likely questions: the content of the application's directory, if that is small."""
        gathered = _Gathered()
        try:
            gathered.directory(tree, path, recurse=self._assignment.recurse)
        except (NotFound, SourceError):
            return {}, b""
        return gathered.header(), b"".join(gathered.bodies)


class _Gathered:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._lists: dict[str, Any] = {}
        self._reads: dict[str, tuple[int, int]] = {}
        self._length = 0

    def header(self) -> JsonObject:
        return {"lists": self._lists, "reads": self._reads}

    def directory(self, tree: Tree, path: str, *, recurse: bool) -> None:
        entries = tree.list(path)
        self._lists[path] = [_seen(entry) for entry in entries]
        for entry in entries:
            here = f"{path}/{entry.name}" if path else entry.name
            if entry.kind == "file":
                self._file(tree, here)
            elif entry.kind == "dir" and recurse and len(self._reads) < ADVANCE_FILES:
                self.directory(tree, here, recurse=True)

    def _file(self, tree: Tree, path: str) -> None:
        if len(self._reads) >= ADVANCE_FILES or self._length >= ADVANCE_BYTES:
            return
        try:
            data = tree.read(path, limit=ADVANCE_FILE_BYTES)
        except SourceError:
            return  # too large to be sent in advance
        self._reads[path] = (self._length, len(data))
        self._length += len(data)
        self.bodies.append(data)


def _seen(entry: Entry) -> tuple[str, str]:
    """What a tool may know of an entry without reading it: only what a listing's short form contains."""
    return entry.name, entry.kind


def parse_manifests(body: bytes, limit: int = 0) -> Pieces[tuple[JsonObject, ...]]:
    """A worker's answer, validated, one object per line. Raises ValueError; also for more than `limit` (0: any number).

    They are counted before any is parsed.
    """
    lines = body.split(b"\n") if body else []
    if text := too_many(len(lines), limit):
        raise ValueError(text)
    found: list[JsonObject] = []
    for line in lines:
        found.append(checked(orjson.loads(line)))
        yield
    return tuple(found)

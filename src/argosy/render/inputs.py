"""What a rendering read, and whether another tree would have answered the same.

A rendering's inputs are the questions it asked and a short form of each answer: the object id of a file that was read,
the names in a directory that was listed, the kind of a path that was looked up (including a missing one). A later
commit needs a new rendering exactly if one of the answers differs. Answers are cached per tree, so that many
applications of one repository are checked with one look-up of each path.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from argosy.sources.port import Entry, NotFound, SourceError, Tree

Operation = Literal["stat", "list", "read", "tree"]
"""`tree` stands for all files at once: for a rendering whose worker died, and that may have read anything."""

TREES_REMEMBERED: Final = 64
ANSWERS_PER_TREE: Final = 200_000


class Question(NamedTuple):
    root: str
    """"" for the source's own repository, else as in render/workers/workspace.py."""
    operation: Operation
    path: str


Inputs = Mapping[Question, str]


class Answers:
    """One tree's answers in their short form."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._known: dict[tuple[Operation, str], str] = {}

    def short(self, operation: Operation, path: str) -> str:
        known = self._known.get((operation, path))
        if known is None:
            if len(self._known) >= ANSWERS_PER_TREE:
                self._known.clear()
            known = self._known[operation, path] = self._look_up(operation, path)
        return known

    def kind(self, path: str) -> str:
        """`file`, `dir` or "" for nothing. Raises the error of a path that cannot be looked up."""
        kind = self.short("stat", path)
        if kind.startswith("!"):
            self.tree.stat(path)
        return kind

    def _look_up(self, operation: Operation, path: str) -> str:
        if operation == "tree":
            return self.tree.root_oid
        try:
            if operation == "list":
                return names_digest(self.tree.list(path))
            entry = self.tree.stat(path)
        except NotFound:
            return ""
        except SourceError as error:
            return f"!{error}"
        if entry is None:
            return ""
        return f"file {entry.oid}" if operation == "read" and entry.kind == "file" else entry.kind


class AnswerBook:
    """The answers of the most recent trees, by root oid. Used from the event loop and the workers' threads."""

    def __init__(self) -> None:
        self._books: OrderedDict[str, Answers] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tree: Tree) -> Answers:
        with self._lock:
            book = self._books.get(tree.root_oid)
            if book is None:
                book = self._books[tree.root_oid] = Answers(tree)
                if len(self._books) > TREES_REMEMBERED:
                    self._books.popitem(last=False)
            else:
                self._books.move_to_end(tree.root_oid)
            return book


def unchanged(inputs: Inputs, answers: Mapping[str, Answers]) -> bool:
    """Whether every question would be answered as before. Roots that `answers` lacks are pinned: their text names a
    fetched thing that is kept for as long as the rendering is (render/cache.py)."""
    for (root, operation, path), value in inputs.items():
        book = answers.get(root)
        if book is not None and book.short(operation, path) != value:
            return False
    return True


def names_digest(entries: Iterable[Entry]) -> str:
    """A digest of the names and kinds in a directory; the files' content is not part of a listing."""
    lines = "".join(f"{entry.kind} {entry.name}\0" for entry in entries)
    return blake2b(lines.encode("utf-8", "replace"), digest_size=16).hexdigest()

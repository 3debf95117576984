"""Rules' questions to jq during a decision: answered if known, else recorded as open and skipped.

The shell (evaluation.py) has the questions answered and repeats the decision, so that decisions stay pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from argosy.gitops.comparison.jq import paths
from argosy.gitops.comparison.jq.delete_paths import JqError, Path, without_paths
from argosy.gitops.comparison.jq.paths import UnsupportedExpression
from argosy.machinery.objects import JsonObject
from argosy.render.jq.port import Answer


class Question(NamedTuple):
    expression: str
    digest: bytes
    """Digest of the object."""


@dataclass(slots=True)
class JqAnswers:
    """The questions of one decision. Without a shell, expressions outside the subset of paths.py are skipped."""

    answers: dict[Question, Answer] = field(default_factory=dict)
    open: dict[Question, bytes] = field(default_factory=dict)
    """Questions without an answer yet, each with its object as JSON."""
    failures: dict[str, str] = field(default_factory=dict)
    """Expressions that failed on some object, with the error; without those that only miss an absent field."""
    unsettled: int = 0
    """How often an answer was missing or may soon change: a decision that used it must not be remembered."""

    def deleted(self, obj: JsonObject, expression: str) -> JsonObject:
        """`del(<expression>)`; the object itself if the expression fails, or nothing would be left (spec 4.3)."""
        try:
            made = without_paths(obj, self._paths(obj, expression))
        except JqError as error:
            if not error.is_absence:
                self.failures[expression] = str(error)
            return obj
        if not isinstance(made, dict):
            self.failures[expression] = "it leads to the whole object"
            return obj
        return made

    def _paths(self, obj: JsonObject, expression: str) -> Sequence[Path]:
        try:
            return paths.paths(obj, expression)
        except UnsupportedExpression:
            pass
        try:
            body = orjson.dumps(obj, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            raise JqError("the object is not plain JSON") from None
        question = Question(expression, hashlib.sha256(body).digest())
        answer = self.answers.get(question)
        if answer is None:
            self.open[question] = body
            self.unsettled += 1
            return ()
        self.unsettled += answer.is_passing
        if answer.error:
            raise JqError(answer.error, is_absence=answer.is_absence)
        return answer.paths

"""The shell that has users' jq evaluated, so that decisions can ask without waiting (spec 4.3).

An expression's result is remembered by its text and the object's content. A decision is repeated until it has no
open question: one expression may read another's result, or that of a merge.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from argosy.gitops.comparison.jq.answers import JqAnswers, Question
from argosy.machinery.objects import JsonObject
from argosy.render.jq.port import Answer, Call, JqEvaluator
from argosy.runtime.events import EventRecorder

T = TypeVar("T")

log = logging.getLogger(__name__)

EXPRESSION_SHOWN: Final = 200
"""How many characters of an expression a message shows."""

ROUNDS: Final = 100
REMEMBERED: Final = 250_000
"""Limit in paths, each answer counting as one more."""


class NotAnswered(Exception):
    """jq could not be run, so that it is unknown what is ignored."""


class JqEvaluation:
    """`evaluator` None: this process runs no jq, and expressions that need it raise NotAnswered."""

    def __init__(self, evaluator: JqEvaluator | None) -> None:
        self._evaluator = evaluator
        self._known: dict[Question, Answer] = {}
        self._size = 0
        self.asked = 0
        """How many expressions were run on an object, for metrics and tests."""

    async def settled(self, decide: Callable[[JqAnswers], T]) -> tuple[T, JqAnswers]:
        """The result of `decide`, which is pure, with every answer. Raises NotAnswered."""

        async def decided(jq_answers: JqAnswers) -> T:
            return decide(jq_answers)

        return await self.settled_by(decided)

    async def settled_by(self, decide: Callable[[JqAnswers], Awaitable[T]]) -> tuple[T, JqAnswers]:
        """The same for a slow `decide`."""
        answers: dict[Question, Answer] = {}
        for _ in range(ROUNDS):
            jq_answers = JqAnswers(answers)
            made = await decide(jq_answers)
            if not jq_answers.open:
                return made, jq_answers
            answers |= await self._answers(jq_answers.open)
        raise NotAnswered(f"ignored differences ask anew after {ROUNDS} rounds")

    async def _answers(self, asked: dict[Question, bytes]) -> dict[Question, Answer]:
        found = {question: self._known[question] for question in asked if question in self._known}
        rest = [question for question in asked if question not in found]
        if not rest:
            return found
        if self._evaluator is None:
            raise NotAnswered("jq is not run here")
        self.asked += len(rest)
        calls = [Call(question.expression, asked[question]) for question in rest]
        for question, answer in zip(rest, await self._evaluator.evaluate(calls), strict=True):
            if answer.is_outage:
                raise NotAnswered(answer.error)
            found[question] = answer
            if not answer.is_passing:
                self._remember(question, answer)
        return found

    def _remember(self, question: Question, answer: Answer) -> None:
        self._known[question] = answer
        self._size += 1 + len(answer.paths)
        while self._size > REMEMBERED:
            gone = next(iter(self._known))
            self._size -= 1 + len(self._known.pop(gone).paths)


def report_failures(events: EventRecorder, obj: JsonObject, failures: Mapping[str, str], reported: set[str]) -> None:
    """Once for each expression that fails, as a Warning on the object that it belongs to or acts for."""
    metadata = obj["metadata"]
    for expression in sorted(failures.keys() - reported):
        reported.add(expression)
        shown = expression if len(expression) <= EXPRESSION_SHOWN else f"{expression[:EXPRESSION_SHOWN]}…"
        text = f"jqPathExpressions: {shown!r} is not applied: {failures[expression]}"
        log.warning("%s/%s: %s", metadata.get("namespace"), metadata["name"], text)
        events.record(obj, "InvalidSetting", text, event_type="Warning")

"""Users' jq expressions as questions: a decision is repeated until it has no open question (spec 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.jq.answers import Question as Known
from argosy.gitops.comparison.jq.evaluation import ROUNDS, NotAnswered
from argosy.machinery.controller import Failed, Pending, Question, Snapshot
from argosy.render.jq.port import Answer, Call, JqEvaluator

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JqPaths(Question[Answer]):
    """The paths of one expression in one object; `body` is the object as JSON."""

    expression: str
    body: bytes = field(repr=False)


class JqRunner:
    """Answers `JqPaths`. `evaluator` None: this process runs no jq."""

    def __init__(self, evaluator: JqEvaluator | None) -> None:
        self._evaluator = evaluator
        self.count = 0
        """How many expressions were run on an object."""

    async def answer(self, question: JqPaths) -> Answer:
        """Raises NotAnswered."""
        if self._evaluator is None:
            raise NotAnswered("jq is not run here")
        self.count += 1
        (answer,) = await self._evaluator.evaluate([Call(question.expression, question.body)])
        if answer.is_outage:
            raise NotAnswered(answer.error)
        return answer


def settled(snapshot: Snapshot, decide: Callable[[JqAnswers], T]) -> tuple[T, JqAnswers] | None:
    """The result of `decide`, which is pure, with every answer; None while one is awaited. Raises NotAnswered."""
    answers: dict[Known, Answer] = {}
    for _ in range(ROUNDS):
        jq = JqAnswers(answers)
        made = decide(jq)
        if not jq.open:
            return made, jq
        is_complete = True
        for known, body in jq.open.items():
            found = snapshot.ask(JqPaths(known.expression, body))
            if isinstance(found, Failed):
                raise NotAnswered(found.reason)
            if isinstance(found, Pending):
                is_complete = False
            else:
                answers[known] = found
        if not is_complete:
            return None
    raise NotAnswered(f"ignored differences ask anew after {ROUNDS} rounds")

"""Which pass over an Application is due: deletion, then a running operation, then comparison (spec 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argosy.gitops.keys import APPLICATIONS, SKIP_RECONCILE, annotations_of
from argosy.gitops.reconcile.passes import Pass, Passed, Stage, Work
from argosy.gitops.reconcile.progress import Progress, told_revisions
from argosy.gitops.refresh import level as refresh
from argosy.gitops.refresh.level import Level
from argosy.gitops.refresh.wishes import NONE, Wishes
from argosy.gitops.sync import operation_state as operation
from argosy.machinery.controller import PENDING, Failed, Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    app: JsonObject
    progress: Progress
    wishes: Wishes = NONE
    malformed: str = ""
    """What is wrong with it, so that it takes no part."""
    asked: Pass | None = None
    """None: no pass is due."""
    answer: Passed | Failed | None = None
    """None while it is awaited."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def version(self) -> str:
        return str(self.app["metadata"]["resourceVersion"])


class Look:
    """`is_ours`: whether Applications may be in the namespace of the key; `wishes`: what asked for a look at it.
    `malformed`: what is wrong with an Application, found once for each of its versions.
    """

    def __init__(
        self,
        is_ours: Callable[[Key], bool],
        wishes: Callable[[Key], Wishes],
        malformed: Callable[[Key], str],
    ) -> None:
        self._is_ours = is_ours
        self._wishes = wishes
        self._malformed = malformed

    def __call__(self, snapshot: Snapshot, key: Key) -> Seen | None:
        app = snapshot.object(APPLICATIONS, key)
        if app is None or not self._is_ours(key):
            return None
        progress: Progress = snapshot.memory or Progress()
        if text := self._malformed(key):
            return Seen(app=app, progress=progress, malformed=text, refusals=snapshot.refusals)
        if annotations_of(app).get(SKIP_RECONCILE) == "true":
            return None
        wishes = self._wishes(key)
        work = due(app, progress, wishes)
        if work is None:
            return Seen(app=app, progress=progress, wishes=wishes)
        asked = Pass(key, progress.number, work)
        answer = snapshot.ask(asked)
        given = None if answer is PENDING else answer
        refusals = snapshot.refusals
        return Seen(app=app, progress=progress, wishes=wishes, asked=asked, answer=given, refusals=refusals)


def due(app: JsonObject, progress: Progress, wishes: Wishes) -> Work | None:
    """What the next pass is to do; None when there is no reason for one."""
    version = str(app["metadata"]["resourceVersion"])
    is_news = progress.operated.is_news(version, wishes)
    if app["metadata"].get("deletionTimestamp"):
        return Work(stage=Stage.DELETE, app=app, wishes=wishes) if is_news else None
    comparison = _comparison(app, progress, wishes) if progress.compared.is_news(version, wishes) else None
    if app.get("operation") and is_news and not (progress.is_compare_next and comparison):
        is_overdue = wishes.overdue > progress.compared.done
        return Work(stage=Stage.OPERATE, app=app, wishes=wishes, is_overdue=is_overdue)
    return comparison


def _comparison(app: JsonObject, progress: Progress, wishes: Wishes) -> Work | None:
    done = progress.compared.done
    decided = refresh.decide(app, requested=_requested(app, progress, wishes), overdue=wishes.overdue > max(done, 0))
    is_to_compare = decided.level != Level.NOTHING
    # Of a status that somebody else wrote, or an answer that was lost, nothing is remembered.
    is_remembered = progress.told == told_revisions(app.get("status"))
    if not is_to_compare and not wishes.recount > max(done, 0):
        return None
    return Work(
        stage=Stage.COMPARE,
        app=app,
        wishes=wishes,
        refresh=decided if is_to_compare else None,
        is_unblocked=wishes.unblocked > max(done, 0),
        digest=progress.digest if is_remembered else "",
        revisions=progress.revisions if is_remembered else (),
    )


def _requested(app: JsonObject, progress: Progress, wishes: Wishes) -> Level:
    last, ended = progress.compared, operation.end_of(app)
    if last.done < 0 or (any(ended) and ended != progress.end):
        return Level.LATEST
    spec_differs = progress.spec is not None and progress.spec != app.get("spec")
    recent = Level.RECENT if spec_differs or last.is_due else Level.NOTHING
    return max(wishes.level_since(last.done), last.again, recent)

"""Which pass over an Application is due: deletion, then a running operation, then comparison (spec 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.keys import APPLICATIONS, SKIP_RECONCILE, annotations_of
from argosy.gitops.model.application_spec import status_of
from argosy.gitops.reconcile.progress import Progress, reported_revisions
from argosy.gitops.reconcile.reconciliation import Reconciled, Reconciliation, Stage, Work
from argosy.gitops.refresh import level as refresh
from argosy.gitops.refresh.level import Level
from argosy.gitops.refresh.requests import NONE, RefreshRequests
from argosy.gitops.sync import operation_state as operation
from argosy.gitops.sync.confirmation import approval_of
from argosy.machinery.controller import PENDING, Failed, Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    app: JsonObject
    progress: Progress
    requests: RefreshRequests = NONE
    malformed: str = ""
    """What is malformed in it, so that it is ignored."""
    asked: Reconciliation | None = None
    """None if no pass is due."""
    answer: Reconciled | Failed | None = None
    """None while it is awaited."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def version(self) -> str:
        return str(self.app["metadata"]["resourceVersion"])


class Look:
    """`is_ours`: whether Applications may be in the namespace of the key; `requests`: what requested a look at it.
    `malformed`: an Application's structural error, computed once for each of its versions.
    """

    def __init__(
        self,
        is_ours: Callable[[Key], bool],
        requests: Callable[[Key], RefreshRequests],
        malformed: Callable[[Key], str],
    ) -> None:
        self._is_ours = is_ours
        self._refresh_requests = requests
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
        requests = self._refresh_requests(key)
        work = due(app, progress, requests)
        if work is None:
            return Seen(app=app, progress=progress, requests=requests)
        asked = Reconciliation(key, progress.number, work)
        answer = snapshot.ask(asked)
        given = None if answer is PENDING else answer
        refusals = snapshot.refusals
        return Seen(app=app, progress=progress, requests=requests, asked=asked, answer=given, refusals=refusals)


def due(app: JsonObject, progress: Progress, requests: RefreshRequests) -> Work | None:
    """What the next pass must do; None if there is no reason for one."""
    version = str(app["metadata"]["resourceVersion"])
    is_news = progress.operated.is_news(version, requests)
    seen = read(Application, app)
    if seen.metadata.deletion_timestamp:
        return Work(stage=Stage.DELETE, app=app, requests=requests) if is_news else None
    comparison = _comparison(app, progress, requests) if progress.compared.is_news(version, requests) else None
    if seen.has_operation and is_news and not (progress.is_compare_next and comparison):
        is_overdue = requests.overdue > progress.compared.done
        return Work(stage=Stage.OPERATE, app=app, requests=requests, is_overdue=is_overdue)
    return comparison


def _comparison(app: JsonObject, progress: Progress, requests: RefreshRequests) -> Work | None:
    done = progress.compared.done
    decided = refresh.decide(
        app, requested=_requested(app, progress, requests), overdue=requests.overdue > max(done, 0)
    )
    is_to_compare = decided.level != Level.NOTHING
    # If another process wrote the status, or an answer was lost, nothing is remembered.
    is_remembered = progress.reported == reported_revisions(status_of(app))
    if not is_to_compare and not requests.recount > max(done, 0):
        return None
    return Work(
        stage=Stage.COMPARE,
        app=app,
        requests=requests,
        refresh=decided if is_to_compare else None,
        is_unblocked=requests.unblocked > max(done, 0),
        digest=progress.digest if is_remembered else "",
        revisions=progress.revisions if is_remembered else (),
    )


def _requested(app: JsonObject, progress: Progress, requests: RefreshRequests) -> Level:
    last, ended = progress.compared, operation.end_of(app)
    if last.done < 0 or (any(ended) and ended != progress.end):
        return Level.LATEST
    spec_differs = progress.spec is not None and progress.spec != read(Application, app).spec.raw
    approval_differs = progress.approved != approval_of(app)
    recent = Level.RECENT if spec_differs or approval_differs or last.is_due else Level.NOTHING
    return max(requests.level_since(last.done), last.again, recent)

"""The declaration of the controller of Applications."""

from __future__ import annotations

from collections.abc import Callable

from argosy.gitops.keys import APPLICATIONS, FIELD_MANAGER
from argosy.gitops.reconcile.answers import CONTROLLER
from argosy.gitops.reconcile.decide import decide
from argosy.gitops.reconcile.look import Look, Seen
from argosy.gitops.reconcile.progress import Progress
from argosy.machinery.controller import Controller
from argosy.machinery.objects import Key

REPORTER = "argocd-application-controller"


def controller(
    look: Look, workers: int, forget: Callable[[Key], None], measure: Callable[[Key, Progress | None], None]
) -> Controller[Seen]:
    return Controller(
        name=CONTROLLER,
        kind=APPLICATIONS,
        look=look,
        decide=decide,
        workers=workers,
        manager=FIELD_MANAGER,
        reporter=REPORTER,
        forget=forget,
        measure=measure,
    )

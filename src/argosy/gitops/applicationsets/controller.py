"""The controller of ApplicationSets, and the answerers of its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from argosy.gitops.applicationsets.decide import decide
from argosy.gitops.applicationsets.generation import Generate, Generators
from argosy.gitops.applicationsets.jq_questions import JqPaths, JqRunner
from argosy.gitops.applicationsets.look import Seen, look
from argosy.gitops.applicationsets.surroundings import Gathering
from argosy.gitops.control_plane.configuration import CONFIG_MAPS, SECRETS
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS
from argosy.machinery.controller import Controller, Question
from argosy.machinery.objects import Key
from argosy.runtime.engine import Answerer

NAME: Final = "argocd-applicationset-controller"
"""Field manager of its writes, and reporter of its Events."""
GENERATING_SECONDS: Final = 900.0
"""Each adapter of a generator has its own time limit; this one is for all of them together."""


def controllers(
    namespace: str = "argocd", measure: Callable[[Key, Any], None] | None = None
) -> tuple[Controller[Seen], ...]:
    """`namespace`: the control plane's."""
    return (
        Controller(
            name="applicationsets",
            kind=APPLICATION_SETS,
            look=partial(look, Gathering(namespace), namespace),
            decide=decide,
            owns=(APPLICATIONS,),
            # A cluster has many Secrets, and most are not needed here.
            by_namespace=(SECRETS, CONFIG_MAPS),
            manager=NAME,
            reporter=NAME,
            measure=measure,
        ),
    )


def answerers(generators: Generators, jq: JqRunner) -> Mapping[type[Question[Any]], Answerer]:
    """A set whose host does not answer delays no other."""
    by_set: Callable[[Generate], Key] = lambda question: Key(question.namespace, question.name)  # noqa: E731
    return {
        Generate: Answerer(answer=generators.answer, limit=16, per_lane=1, lane=by_set, timeout=GENERATING_SECONDS),
        JqPaths: Answerer(answer=jq.answer, limit=8),
    }

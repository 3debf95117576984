"""Gathers the inputs of an ApplicationSet's decision: its generators' results, its Applications, and their plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.schema import read
from argosy.gitops.applicationsets import reconcile
from argosy.gitops.applicationsets.deletion import needs_finalizer
from argosy.gitops.applicationsets.generation import Generated, Memory, asked
from argosy.gitops.applicationsets.jq_questions import settled
from argosy.gitops.applicationsets.reconcile import Plan
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.applicationsets.surroundings import Gathering, Surroundings
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS
from argosy.machinery.controller import Refusal, Snapshot
from argosy.machinery.objects import JsonObject, Key

ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    appset: JsonObject
    around: Surroundings
    owned: Sequence[JsonObject]
    memory: Memory | None
    refusals: tuple[Refusal, ...] = ()
    generated: Generated | None = None
    """None while an answer is awaited, or if nothing was asked."""
    is_news: bool = False
    plan: Plan | None = None
    named: Mapping[str, JsonObject] = field(default_factory=dict)
    """The existing Applications with a desired name."""
    jq: JqAnswers = field(default_factory=JqAnswers)

    @property
    def spec(self) -> ApplicationSetSpec:
        return read(ApplicationSet, self.appset).spec

    @property
    def is_rolling(self) -> bool:
        return rolling_sync.is_rolling(self.spec, enabled=self.around.options.progressive_syncs)

    def advanced(self, now: datetime, jq: JqAnswers | None = None) -> rolling_sync.Advance:
        """The next state of a rolling sync; Applications with a problem are left out."""
        assert self.generated is not None and self.plan is not None
        skipped = {problem.application for problem in self.plan.problems}
        left = [app for app in self.generated.placed if app["metadata"]["name"] not in skipped]
        live = {app["metadata"]["name"]: app for app in self.owned}
        return rolling_sync.advanced(self.appset, left, live, now, jq or self.jq)


def look(gathering: Gathering, control_plane: str, snapshot: Snapshot, key: Key) -> Seen | None:
    """Raises comparison.jq.evaluation.NotAnswered if jq could not be run: it is unknown what is ignored."""
    appset = snapshot.object(APPLICATION_SETS, key)
    if appset is None:
        return None
    around = gathering.look(snapshot)
    if not around.options.serves(key.namespace, control_plane):
        return None
    apps = snapshot.owned_objects(APPLICATIONS, appset["metadata"]["uid"])
    owned = [app for app in apps if reconcile.is_owned(app, appset)]
    memory: Memory | None = snapshot.memory
    seen = Seen(appset=appset, around=around, owned=owned, memory=memory, refusals=snapshot.refusals)
    if read(ApplicationSet, appset).metadata.deletion_timestamp or needs_finalizer(appset, around.options):
        return seen
    generated, is_news = asked(snapshot, appset, around, memory)
    seen = replace(seen, generated=generated, is_news=is_news)
    if generated is None or generated.error is not None:
        return seen
    if rolling_sync.unusable(seen.spec, enabled=around.options.progressive_syncs):
        return seen
    return _planned(seen, generated, snapshot)


def _planned(seen: Seen, generated: Generated, snapshot: Snapshot) -> Seen:
    own = {app["metadata"]["name"]: app for app in seen.owned}
    named = dict(own)
    for app in generated.placed:
        name = app["metadata"]["name"]
        key = Key(seen.appset["metadata"]["namespace"], name)
        if name not in named and (found := snapshot.object(APPLICATIONS, key)) is not None:
            named[name] = found
    verdicts = generated.verdicts.under(seen.around)
    decide = partial(reconcile.plan, seen.appset, generated.placed, list(named.values()), seen.around, verdicts)
    if (made := settled(snapshot, lambda jq: decide(jq=jq))) is None:
        return replace(seen, generated=None)
    plan, jq = made
    seen = replace(seen, plan=plan, named=named, jq=jq)
    if seen.is_rolling and seen.spec.ignore_application_differences:
        # Its questions do not depend on the time, which only decisions know.
        first = seen
        if (advanced := settled(snapshot, lambda answers: first.advanced(ANY_TIME, answers))) is None:
            return replace(seen, generated=None)
        failures = {**jq.failures, **advanced[1].failures}
        seen = replace(seen, jq=JqAnswers(advanced[1].answers, failures=failures))
    return seen

"""Asks the generators of a set when there is reason to, and remembers what they gave until there is again.

Reasons: the set's spec, the settings or (for generators that read them) the clusters changed, its time has come, or
somebody asks by annotation. After an error a change of any setting or credential is one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.desired_applications import Unusable, asked_of, desired
from argosy.gitops.applicationsets.generator_context import Doors
from argosy.gitops.applicationsets.generators import requeue_after
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.preview import for_strategy
from argosy.gitops.applicationsets.reconcile import Surroundings, Verdicts
from argosy.machinery.objects import JsonObject, Key

AFTER_ERROR: Final = 180.0
"""Seconds; longer when a host says so."""
OF_CLUSTERS: Final = frozenset({"clusters", "clusterDecisionResource"})


@dataclass(slots=True)
class Memory:
    """What the generators of a set gave, for which spec and surroundings, and until when it holds."""

    spec: JsonObject
    uid: str
    options: Options
    clusters: object
    until: float | None
    wanted: Sequence[JsonObject]
    """As the template has them."""
    placed: Sequence[JsonObject]
    """As they are to be written."""
    error: Unusable | None = None
    verdicts: Verdicts = field(default_factory=Verdicts)
    """What became of them."""

    def after(self, known: Memory) -> Memory:
        """With the objects of an earlier answer where they are equal, so that only what changed is judged anew."""
        self.wanted, self.placed = _shared(self.wanted, known.wanted), _shared(self.placed, known.placed)
        if (self.spec, self.uid, self.options) == (known.spec, known.uid, known.options):
            self.verdicts = known.verdicts
        return self

    def verdicts_under(self, around: Surroundings) -> Verdicts:
        if self.verdicts.around is not around:
            self.verdicts = Verdicts(around)
        return self.verdicts


class Generation:
    """`clusters`: something that is equal as long as the cluster Secrets are."""

    def __init__(
        self, doors: Doors, templates: GoTemplates, control_plane: str, clusters: Callable[[], object]
    ) -> None:
        self._doors = doors
        self._templates = templates
        self._control_plane = control_plane
        self._clusters = clusters
        self._memory: dict[Key, Memory] = {}
        self.count = 0
        """How often generators were asked."""

    async def wanted(self, key: Key, appset: JsonObject, options: Options, now: float, *, anew: bool) -> Memory:
        """`now`: monotonic. `anew`: whatever is remembered."""
        known = self._memory.get(key)
        if known is not None and not anew and self._holds(known, appset, options, now):
            return known
        made = await self._asked(appset, options, now)
        self._memory[key] = made.after(known) if known is not None else made
        return self._memory[key]

    def remembered(self, key: Key) -> Memory:
        """What was given the last time."""
        return self._memory[key]

    def forget(self, key: Key) -> None:
        self._memory.pop(key, None)

    def retry_errors(self) -> None:
        """Settings or credentials are new: what failed may work now."""
        self._memory = {key: memory for key, memory in self._memory.items() if memory.error is None}

    async def desired(self, appset: JsonObject, options: Options) -> list[JsonObject]:
        """Asks, and remembers nothing. Raises Unusable."""
        asked = asked_of(appset, self._doors, options, self._templates, self._control_plane)
        return await desired(appset, asked)

    def _holds(self, known: Memory, appset: JsonObject, options: Options, now: float) -> bool:
        spec, uid = appset.get("spec") or {}, appset["metadata"].get("uid") or ""
        due = known.until is not None and now >= known.until
        same = known.uid == uid and known.options == options and known.spec == spec
        return same and not due and known.clusters == self._seen(spec)

    async def _asked(self, appset: JsonObject, options: Options, now: float) -> Memory:
        self.count += 1
        spec, uid = appset.get("spec") or {}, appset["metadata"].get("uid") or ""
        clusters = self._seen(spec)
        wait = requeue_after(list(spec.get("generators") or ()), options.requeue_after)
        try:
            wanted = await self.desired(appset, options)
            until, placed = None if wait is None else now + wait, for_strategy(appset, wanted, options)
            return Memory(spec, uid, options, clusters, until, wanted, placed)
        except Unusable as error:
            return Memory(spec, uid, options, clusters, now + max(AFTER_ERROR, error.retry_after), [], [], error)

    def _seen(self, spec: JsonObject) -> object:
        names = set(_generators(spec.get("generators") or ()))
        return self._clusters() if names & OF_CLUSTERS else None


def _shared(made: Sequence[JsonObject], known: Sequence[JsonObject]) -> Sequence[JsonObject]:
    before = {app["metadata"]["name"]: app for app in known}
    earlier = ((app, before.get(app["metadata"]["name"])) for app in made)
    return [old if old is not None and old == app else app for app, old in earlier]


def _generators(entries: Sequence[Any]) -> Iterator[str]:
    """The names of all, nested ones included."""
    for entry in entries:
        for name, part in entry.items():
            yield name
            if isinstance(part, dict):
                yield from _generators(part.get("generators") or ())

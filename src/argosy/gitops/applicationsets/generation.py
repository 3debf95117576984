"""Runs the generators of a set when there is a reason to; their results are remembered in between.

Reasons: the set's spec, the settings or (for generators that read them) the clusters changed, a requeue is due, or
an annotation requests it. After an error a change of any setting, project or credential is one, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.schema import read
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.adapters import ClusterObjects, GitReader, Watched
from argosy.gitops.applicationsets.desired_applications import Unusable, asked_of, desired, unreadable
from argosy.gitops.applicationsets.generator_context import Doors, Hosting, Plugins
from argosy.gitops.applicationsets.generators import requeue_after
from argosy.gitops.applicationsets.hosting.github_metrics import ASKED_FOR
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.preview import for_strategy
from argosy.gitops.applicationsets.reconcile import Verdicts
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.machinery.controller import PENDING, Failed, Pending, Question, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.sources.port import GitRemote, SourceError

AFTER_ERROR: Final = 180.0
"""In seconds; longer if a host asks for it."""
OF_CLUSTERS: Final = frozenset({"clusters", "clusterDecisionResource"})
PASSING: Final = re.compile(rb"\b(now|date|ago|shuffle|htpasswd|bcrypt|encryptAES|(rand|uuid|gen[A-Z])\w*)\b")
"""Functions of templates whose result changes with each call."""
REFRESH: Final = "argocd.argoproj.io/application-set-refresh"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Generated:
    """The results of a set's generators, with the spec and environment that they are for."""

    spec: JsonObject
    uid: str
    around: Surroundings
    clusters: object
    wanted: Sequence[JsonObject] = ()
    """As rendered from the template."""
    placed: Sequence[JsonObject] = ()
    """As they are to be written."""
    error: Unusable | None = None
    verdicts: Verdicts = field(default_factory=Verdicts)
    """Cached decisions about them."""

    def after(self, known: Generated) -> Generated:
        """Reuses equal objects of an earlier answer, so that only changed ones are evaluated again."""
        wanted, placed = _shared(self.wanted, known.wanted), _shared(self.placed, known.placed)
        same = (self.spec, self.uid, self.around.options) == (known.spec, known.uid, known.around.options)
        return replace(self, wanted=wanted, placed=placed, verdicts=known.verdicts if same else self.verdicts)

    def holds(self, appset: JsonObject, around: Surroundings) -> bool:
        """Whether the question would be the same now. After an error any change of the environment is worth a retry."""
        seen, options = read(ApplicationSet, appset), around.options
        if self.error is not None and self.around is not around:
            return False
        is_same = self.uid == seen.metadata.uid and self.around.options == options and self.spec == seen.spec.raw
        return is_same and self.clusters == clusters_seen(seen.spec, around)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """The memory of a set's last look."""

    generated: Generated
    answered_at: datetime
    until: datetime | None
    """When the generators run again."""
    is_due: bool = False
    reported_at: datetime | None = None
    """When the status was written."""
    reported: frozenset[str] = frozenset()
    """jq expressions whose failure was reported."""

    def answered(self, generated: Generated, now: datetime) -> Memory:
        return replace(self, generated=generated, answered_at=now, until=asked_again(generated, now), is_due=False)


@dataclass(frozen=True, slots=True)
class Generate(Question[Generated]):
    """`since`: when the last answer arrived, which makes the next question a different one."""

    namespace: str
    name: str
    uid: str
    spec: bytes
    options: Options
    clusters: object
    since: datetime | None
    appset: JsonObject = field(compare=False, repr=False)
    around: Surroundings = field(compare=False, repr=False)


def asked(
    snapshot: Snapshot, appset: JsonObject, around: Surroundings, memory: Memory | None
) -> tuple[Generated | None, bool]:
    """The current answer, and whether it is new; None while an answer is awaited and there is no earlier one."""
    known = memory.generated if memory is not None and memory.generated.holds(appset, around) else None
    is_refresh = REFRESH in read(ApplicationSet, appset).metadata.annotations
    if known is not None and memory is not None and not memory.is_due and not is_refresh:
        return known, False
    answer = snapshot.ask(_question(appset, around, memory.answered_at if memory is not None else None))
    if isinstance(answer, Pending):
        assert answer is PENDING
        return (known if known is not None and not is_refresh else None), False
    if isinstance(answer, Failed):
        text = f"error generating params from the generators: {answer.reason}"
        error = Unusable("ApplicationGenerationFromParamsError", text, generated=False)
        return _nothing(appset, around, error), False
    return (answer.after(memory.generated) if memory is not None else answer), True


def _question(appset: JsonObject, around: Surroundings, since: datetime | None) -> Generate:
    seen = read(ApplicationSet, appset)
    return Generate(
        seen.metadata.namespace,
        seen.metadata.name,
        seen.metadata.uid,
        orjson.dumps(seen.spec.raw, option=orjson.OPT_SORT_KEYS),
        around.options,
        clusters_seen(seen.spec, around),
        since,
        appset,
        around,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """The answer to a question that only read commits of Git: valid while these are unchanged."""

    question: Generate
    reader: GitReader
    generated: Generated

    async def holds(self, question: Generate) -> bool:
        same = replace(question, since=self.question.since) == self.question and question.around is self.question.around
        if not same:
            return False
        for place, commit in self.reader.read.items():
            if await self.reader.commit(*place) != commit:
                return False
        return True


class Generators:
    """Answers `Generate`, through the adapters to the outside."""

    def __init__(
        self,
        objects: ClusterObjects,
        git: GitRemote,
        hosting: Hosting,
        plugins: Plugins,
        templates: GoTemplates,
        control_plane: str,
    ) -> None:
        self.count = 0
        """How often generators ran."""
        self._objects, self._git, self._hosting, self._plugins = objects, git, hosting, plugins
        self._templates, self._control_plane = templates, control_plane
        self._made: dict[Key, _Made] = {}

    async def answer(self, question: Generate) -> Generated:
        self.count += 1
        appset, around, key = question.appset, question.around, Key(question.namespace, question.name)
        try:
            known = self._made.get(key)
            if known is not None and await known.holds(question):
                return known.generated
            self._made.pop(key, None)
            doors = self._doors(around)
            wanted = await self._desired(appset, around, doors)
        except Unusable as error:
            return _nothing(appset, around, error)
        except SourceError as error:
            return _nothing(appset, around, unreadable(error))
        placed = for_strategy(appset, wanted, around.options)
        made = replace(_nothing(appset, around, None), wanted=wanted, placed=placed)
        if not any(door.was_used for door in doors[1:]) and not PASSING.search(question.spec):
            self._made[key] = _Made(question, doors[0], made)
        return made

    def remembered(self, key: Key, memory: Any) -> None:
        """Called with the controller's memories: without one the set is deleted, or handled by another replica."""
        if memory is None:
            self._made.pop(key, None)

    async def desired(self, appset: JsonObject, around: Surroundings) -> list[JsonObject]:
        """Raises Unusable."""
        return await self._desired(appset, around, self._doors(around))

    def _doors(self, around: Surroundings) -> tuple[GitReader, Watched, Watched, Watched]:
        """Git, and sources without change detection."""
        others = Watched(self._hosting), Watched(self._plugins), Watched(self._objects)
        return (GitReader(self._git, around.credentials), *others)

    async def _desired(
        self, appset: JsonObject, around: Surroundings, through: tuple[GitReader, Any, Any, Any]
    ) -> list[JsonObject]:
        metadata = read(ApplicationSet, appset).metadata
        ASKED_FOR.set(Key(metadata.namespace, metadata.name))
        await self._objects.prepare(metadata.namespace)
        git, hosting, plugins, objects = through
        doors = Doors(git=git, hosting=hosting, plugins=plugins, objects=objects, refusal=around.repository_refusal)
        return await desired(appset, asked_of(appset, doors, around.options, self._templates, self._control_plane))


def asked_again(generated: Generated, now: datetime) -> datetime | None:
    if generated.error is not None:
        return now + timedelta(seconds=max(AFTER_ERROR, generated.error.retry_after))
    generators = [item.raw for item in read(ApplicationSetSpec, generated.spec).generators]
    wait = requeue_after(generators, generated.around.options.requeue_after)
    return None if wait is None else now + timedelta(seconds=wait)


def clusters_seen(spec: ApplicationSetSpec, around: Surroundings) -> object:
    """A fingerprint of the clusters that the generators read; None if they read none."""
    names = set(_generators([item.raw for item in spec.generators]))
    return around.cluster_versions if names & OF_CLUSTERS else None


def _nothing(appset: JsonObject, around: Surroundings, error: Unusable | None) -> Generated:
    seen = read(ApplicationSet, appset)
    clusters = clusters_seen(seen.spec, around)
    return Generated(spec=seen.spec.raw, uid=seen.metadata.uid, around=around, clusters=clusters, error=error)


def _shared(made: Sequence[JsonObject], known: Sequence[JsonObject]) -> Sequence[JsonObject]:
    before = {app["metadata"]["name"]: app for app in known}
    earlier = ((app, before.get(app["metadata"]["name"])) for app in made)
    return [old if old is not None and old == app else app for app, old in earlier]


def _generators(entries: Sequence[Any]) -> Iterator[str]:
    """The names of all generators, nested ones included."""
    for entry in entries:
        for name, part in entry.items():
            yield name
            if isinstance(part, dict):
                yield from _generators(part.get("generators") or ())

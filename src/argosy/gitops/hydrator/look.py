"""Gathers the inputs for a group of applications: which are due for hydration, and what was asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.control_plane.configuration import CONFIG_MAPS
from argosy.gitops.control_plane.settings import CONFIG_MAP, PARAMETERS, Settings, settings_of
from argosy.gitops.hydrator import paths, status
from argosy.gitops.hydrator.groups import dry_source, group_of
from argosy.gitops.hydrator.questions import Batch, DryCommit, End, Hydrate, Relevance
from argosy.gitops.keys import APPLICATIONS, HYDRATE, HYDRATE_TIMESTAMP, SKIP_RECONCILE, annotations_of
from argosy.gitops.model import shapes
from argosy.gitops.model.shapes import wrong_field
from argosy.machinery.controller import PENDING, Failed, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.text.globs import matches

Requests = frozenset[tuple[Key, str, str]]
"""(application, how, time stamp) of the annotations that request hydration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A cache for one group; it can be lost without harm."""

    members: frozenset[Key] = frozenset()
    gather_until: datetime | None = None
    """New members appeared, and more may follow: they should be one commit."""
    dry: str = ""
    asked: int = 0
    answered: int = 0
    """Numbers of `DryCommit`: the last one asked, and the last one whose answer is `dry`."""
    poll_at: datetime | None = None
    requests: Requests = frozenset()
    """The requests of the last number."""
    begun: bool = False
    """A hydration of this process started and did not finish: statuses with `Hydrating` are its own."""
    batch: Batch | None = None
    """What is being hydrated."""
    batch_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    key: Key
    settings: Settings
    apps: tuple[JsonObject, ...]
    """Sorted by key."""
    memory: Memory
    dry: str | None = None
    """The answer to the last `DryCommit`; None while it is awaited."""
    relevant: Mapping[Key, bool | None] = field(default_factory=dict)
    """For applications that name their own files; None while it is not known."""
    end: End | None = None

    @property
    def requests(self) -> Requests:
        marks = ((key_of(app), annotations_of(app)) for app in self.apps)
        return frozenset(
            (key, str(found[HYDRATE]), str(found.get(HYDRATE_TIMESTAMP))) for key, found in marks if HYDRATE in found
        )


def group_keys(app: JsonObject) -> tuple[Key, ...]:
    """The key of an application's group; none for one that is not hydrated, or malformed."""
    group = group_of(app)
    return (group.key(),) if group is not None and not wrong_field(app, shapes.APPLICATION) else ()


def _names(app: JsonObject) -> Iterable[str]:
    return [str(key) for key in group_keys(app)]


GROUPS: Final[Index[JsonObject]] = Index("hydrator/group", APPLICATIONS, _names)


class Look:
    """`namespace`: the control plane's."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._read: tuple[JsonObject | None, JsonObject | None] | None = None
        self._settings = Settings()

    def __call__(self, snapshot: Snapshot, key: Key) -> Seen | None:
        memory: Memory = snapshot.memory or Memory()
        members = snapshot.indexed_objects(GROUPS, str(key))
        if not members and memory.batch is None:
            return None
        settings = self._settings_of(snapshot)
        apps = tuple(app for app in members if self._is_to_be_hydrated(app, settings))
        seen = Seen(key=key, settings=settings, apps=apps, memory=memory)
        if memory.batch is not None:
            seen = replace(seen, apps=members)  # every marked member gets the result, whatever was requested since
            return replace(seen, end=_known(snapshot.ask(Hydrate(key, memory.batch))))
        if not apps or not settings.hydrator_enabled:
            return seen
        if memory.asked != memory.answered:
            seen = replace(seen, dry=_known(snapshot.ask(DryCommit(key, memory.asked, apps[0]))))
        return replace(seen, relevant={key_of(app): _relevance(snapshot, app, memory) for app in apps})

    def _settings_of(self, snapshot: Snapshot) -> Settings:
        config, parameters = (
            snapshot.object(CONFIG_MAPS, Key(self._namespace, name)) for name in (CONFIG_MAP, PARAMETERS)
        )
        if self._read is None or self._read[0] is not config or self._read[1] is not parameters:
            self._read = config, parameters
            self._settings = settings_of(_data(config), _data(parameters))
        return self._settings

    def _is_to_be_hydrated(self, app: JsonObject, settings: Settings) -> bool:
        if read(Application, app).metadata.deletion_timestamp or annotations_of(app).get(SKIP_RECONCILE) == "true":
            return False
        namespace = app["metadata"]["namespace"]
        return namespace == self._namespace or any(matches(item, namespace) for item in settings.application_namespaces)


def _relevance(snapshot: Snapshot, app: JsonObject, memory: Memory) -> bool | None:
    """True if the application names no files: all are relevant."""
    compared, dry = status.status_of(app).last_compared_dry_revision, memory.dry
    wanted = paths.watched(app, dry_source(app).path)
    if not wanted or not dry or not compared or dry == compared:
        return True
    found: bool | None = _known(snapshot.ask(Relevance(key_of(app), compared, dry, tuple(wanted), app)))
    return found


def _known(answer: Any) -> Any:
    return None if answer is PENDING or isinstance(answer, Failed) else answer


def _data(config_map: JsonObject | None) -> dict[str, str]:
    found = (config_map or {}).get("data")
    return found if isinstance(found, dict) else {}

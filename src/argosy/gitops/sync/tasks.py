"""The tasks of one sync, in order (spec 7.1 - 7.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from argosy.apis.argoproj.application import SyncOperation, SyncResource
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.sync.hooks import held, hook_types, is_hook
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.order import PHASES, kind_rank, wave_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces, finished

BEFORE_ALL: Final = -(1 << 31)
"""The wave of the Namespace that `CreateNamespace` adds."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One object of the comparison: its target, its live state, and whether they match."""

    key: ResourceKey
    target: JsonObject | None
    live: JsonObject | None
    status: str = ""
    refused: str = ""
    """Why the project forbids it."""


@dataclass(frozen=True, slots=True)
class Task:
    phase: str
    wave: int
    key: ResourceKey
    target: JsonObject | None
    live: JsonObject | None
    hook: str = ""
    """The hook type; empty for an ordinary object."""
    refused: str = ""
    """Why the project forbids it."""
    server_side: bool = False
    """Applied in this way, whatever the options say."""

    @property
    def is_prune(self) -> bool:
        return self.target is None

    @property
    def obj(self) -> JsonObject:
        found = self.target if self.target is not None else self.live
        assert found is not None
        return found

    @property
    def is_created_namespace(self) -> bool:
        """The Namespace that `CreateNamespace` adds."""
        return self.key.kind == "Namespace" and self.wave == BEFORE_ALL

    @property
    def identity(self) -> tuple[str, ResourceKey]:
        return self.phase, self.key


def tasks_of(pairs: Iterable[Pair], operation: SyncOperation, options: Options, hook_suffix: str = "") -> list[Task]:
    """All of `tasks_in_pieces` at once."""
    return finished(tasks_in_pieces(pairs, operation, options, hook_suffix))


def tasks_in_pieces(
    pairs: Iterable[Pair], operation: SyncOperation, options: Options, hook_suffix: str = ""
) -> Pieces[list[Task]]:
    """`operation`: the `sync` block. Hooks are left out of a selective sync and with strategy `apply`."""
    pairs = tuple(pairs)
    selected = _with_namespaces(_selector(operation.resources), pairs)
    strategy = operation.sync_strategy
    with_hooks = selected is None and (strategy is None or strategy.apply is None)
    only_changed = options.has("ApplyOutOfSyncOnly")
    found: list[Task] = []
    for pair in pairs:
        yield
        if pair.target is not None and is_hook(pair.target):
            found += _hooks(pair, hook_suffix) if with_hooks else ()
            continue
        if pair.target is None and pair.live is not None and hook_types(pair.live):
            continue
        if selected is not None and not selected(pair.key):
            continue
        if only_changed and pair.status == "Synced":
            continue
        obj = pair.target if pair.target is not None else pair.live
        if obj is not None:
            found.append(Task("Sync", wave_of(obj), pair.key, pair.target, pair.live, refused=pair.refused))
    waves = _prune_waves(found, options)
    yield
    return (yield from _ordered(waves))


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """Phase, wave, prunes first, kind, name; then each namespace and CRD before its users."""
    return finished(_ordered(tasks))


def _ordered(tasks: Sequence[Task]) -> Pieces[list[Task]]:
    ordered = sorted(
        tasks, key=lambda t: (PHASES.index(t.phase), t.wave, not t.is_prune, kind_rank(t.key.kind), t.key.name, t.key)
    )
    yield
    return (yield from _before_users(ordered))


def _hooks(pair: Pair, suffix: str) -> Iterable[Task]:
    assert pair.target is not None
    for phase in hook_types(pair.target):
        if phase not in PHASES:
            continue
        target, metadata = pair.target, pair.target.get("metadata") or {}
        if not metadata.get("name") and metadata.get("generateName"):
            name = f"{metadata['generateName']}{suffix.replace('PHASE', phase.lower())}"
            named = {k: v for k, v in metadata.items() if k != "generateName"}
            target = {**target, "metadata": {**named, "name": name}}
        target = held(target)
        yield Task(phase, wave_of(target), resource_key(target), target, pair.live, phase, pair.refused)


def _selector(resources: Sequence[SyncResource]) -> Callable[[ResourceKey], bool] | None:
    if not resources:
        return None

    named: dict[tuple[str, str, str], set[str]] = {}
    for item in resources:
        named.setdefault((item.group, item.kind, item.name), set()).add(item.namespace)

    def chosen(key: ResourceKey) -> bool:
        places = named.get((key.group, key.kind, key.name), ())
        return "" in places or key.namespace in places

    return chosen


def _with_namespaces(
    selected: Callable[[ResourceKey], bool] | None, pairs: Sequence[Pair]
) -> Callable[[ResourceKey], bool] | None:
    """Objects cannot be created if their namespace is missing or being deleted: a Namespace target is then included."""
    if selected is None:
        return None
    needed = {pair.key.namespace for pair in pairs if pair.key.namespace and selected(pair.key)}

    def chosen(key: ResourceKey) -> bool:
        return selected(key) or (key in absent and key.name in needed)

    absent = {pair.key for pair in pairs if pair.key.kind == "Namespace" and pair.target and _is_gone(pair.live)}
    return chosen


def _is_gone(live: JsonObject | None) -> bool:
    return live is None or bool(live["metadata"].get("deletionTimestamp"))


def _prune_waves(tasks: list[Task], options: Options) -> list[Task]:
    """Pruning is in reverse wave order; `PruneLast` puts it after everything."""
    waves = sorted({task.wave for task in tasks if task.is_prune})
    mirrored = dict(zip(waves, reversed(waves), strict=True))
    last = max((task.wave for task in tasks if task.phase == "Sync"), default=0) + 1
    made = []
    for task in tasks:
        if task.is_prune:
            wave = last if options.has("PruneLast", obj=task.live) else mirrored[task.wave]
            task = replace(task, wave=wave)
        made.append(task)
    return made


def _before_users(tasks: Sequence[Task]) -> Pieces[list[Task]]:
    """A Namespace or CustomResourceDefinition comes before its first user, with that one's phase and wave."""
    in_namespace: dict[str, int] = {}
    of_kind: dict[tuple[object, object], int] = {}
    led: dict[int, list[Task]] = {}
    moved: set[int] = set()
    for at, task in enumerate(tasks):
        yield
        if task.is_prune:
            continue
        user_at = None
        if task.key.kind == "Namespace":
            user_at = in_namespace.get(task.key.name)
        elif task.key.kind == "CustomResourceDefinition":
            user_at = of_kind.get(_defined(task))
        if user_at is not None:
            user = tasks[user_at]
            led.setdefault(user_at, []).append(replace(task, phase=user.phase, wave=user.wave))
            moved.add(at)
        in_namespace.setdefault(task.key.namespace, at)
        of_kind.setdefault((task.key.group, task.key.kind), at)
    result: list[Task] = []
    for at, task in enumerate(tasks):
        result += led.get(at, ())
        if at not in moved:
            result.append(task)
    return result


def _defined(task: Task) -> tuple[str, str]:
    """The group and kind that a CRD defines."""
    spec = (task.target or {}).get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))

"""The hydrating shell: one look at a group of applications, and what wakes it (spec 16).

Every application's status says `Hydrating` before anything is committed, and what came of it afterwards. Only one look
at a group is under way at a time, so whoever is found `Hydrating` was left so by a look that did not end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.hydrator import need, status, validation
from argosy.gitops.hydrator.commit import committed
from argosy.gitops.hydrator.groups import Group, dry_source, group_of, hydrator_of, part, project_of, qualified
from argosy.gitops.hydrator.need import Need
from argosy.gitops.hydrator.prepare import Failed, Preparation
from argosy.gitops.hydrator.validation import Candidate
from argosy.gitops.keys import HYDRATE, HYDRATE_TIMESTAMP, SKIP_RECONCILE, annotations_of
from argosy.gitops.ports import Replicas
from argosy.gitops.projects import permissions as projects
from argosy.gitops.refresh.repository_limits import RepositoryLimits
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.machinery.unexpected import described
from argosy.runtime.chance import Rng
from argosy.runtime.controller import DONE, Controller, Outcome
from argosy.runtime.fencing import FencedOff
from argosy.sources.port import GitRemote, GitWriter, SourceError

REFRESH_TIMEOUT = 120.0
"""Seconds, where `timeout.reconciliation` is switched off."""

GATHERING = 1.0
"""Seconds for which a group with a new member waits for more, so that many made at once are one commit."""

WRITE_TRIES = 5


@dataclass(slots=True)
class GroupMemory:
    """What saves work for one group, and `begun`: a look of this process marked it and did not end."""

    members: set[Key] = field(default_factory=set)
    dry: str = ""
    begun: bool = False
    gathered_at: float = 0.0


@dataclass(slots=True)
class End:
    """What came of a hydration. `dry` is known even when it failed after that."""

    dry: str = ""
    commit: str = ""
    failure: Failed | None = None
    unexpected: Exception | None = None

    def patch(self, app: JsonObject, *, key: Key, seen: JsonObject, now: str) -> JsonObject | None:
        if self.failure is not None:
            made = status.failed(app, self.failure.text(qualified(key)), self.dry, now)
        else:
            made = status.hydrated(app, self.dry, self.commit, now)
        return status.without_requests(app, seen, made)


class HydratorController:
    """`run` until cancelled. `is_ours`: whether applications of a namespace count; `replicas` share the groups."""

    def __init__(
        self,
        context: ReconcileContext,
        git: GitRemote,
        writer: Callable[[], GitWriter],
        rng: Rng,
        is_ours: Callable[[Key], bool],
        limits: RepositoryLimits,
        replicas: Replicas | None = None,
    ) -> None:
        self._limits = limits
        self._asked: set[Group] = set()
        self._context, self._writer = context, writer
        self._rng = rng.fork("hydration")
        self._is_ours, self._replicas = is_ours, replicas
        self._groups: dict[Group, GroupMemory] = {}
        self._by_key: dict[Key, Group] = {}
        self._controller: Controller | None = None
        self._preparing = Preparation(context, git, writer, self._rng.token_bytes)

    async def run(self) -> None:
        clock, workers = self._context.clock, self._context.plane.settings.hydration_workers
        self._controller = Controller(
            "hydrations", self.look, clock=clock, rng=self._rng, workers=workers, owns=self._owns
        )
        forget = self._context.plane.applications.on_change(self._changed)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._controller.run())
                tasks.create_task(self._poll(tasks))
        finally:
            forget()

    # -- what wakes a group ------------------------------------------------------------------------------------------

    def all_concerned(self) -> None:
        for group in self._groups:
            self._wake(group)

    def _owns(self, key: Key) -> bool:
        """Whether the group is this replica's: one commit has one author, whoever looks after its applications."""
        if self._replicas is None:
            return True
        return self._replicas.is_valid and self._replicas.shards.owner(key) == self._replicas.identity

    def _wake(self, group: Group) -> None:
        if self._controller is not None:
            self._controller.enqueue(group.key())

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        before, after = (group_of(app) if app else None for app in (old, new))
        key = _key_of(new or old or {})
        if before is not None and before != after and before in self._groups:
            self._groups[before].members.discard(key)
            self._wake(before)
        if after is None:
            return
        memory = self._groups.setdefault(after, GroupMemory())
        if key not in memory.members:
            memory.members.add(key)
            memory.gathered_at = memory.gathered_at or self._context.clock.monotonic() + GATHERING
        self._by_key[after.key()] = after
        if before != after or _concerning(old) != _concerning(new):
            self._wake(after)

    async def _poll(self, tasks: asyncio.TaskGroup) -> None:
        """One look at each dry revision, whoever uses it, none waiting for another; a new commit wakes its groups."""
        while True:
            settings = self._context.plane.settings
            pause = settings.refresh_seconds + self._rng.uniform(0.0, settings.refresh_jitter)
            await self._context.clock.sleep(pause if settings.refresh_seconds > 0 else 60.0, background=True)
            if settings.refresh_seconds > 0 and settings.hydrator_enabled:
                for group in sorted(self._groups.keys() - self._asked):
                    tasks.create_task(self._look_for_commit(group))

    async def _look_for_commit(self, group: Group) -> None:
        memory = self._groups.get(group)
        apps = self._apps(group) if memory and self._owns(group.key()) else []
        if memory is None or not apps:
            return
        self._asked.add(group)
        try:
            question = partial(self._preparing.resolved, apps[0][1], 0.0)
            found = await self._limits.run(str(dry_source(apps[0][1]).get("repoURL") or ""), question)
        finally:
            self._asked.discard(group)
        if found and found != memory.dry:
            memory.dry = found
            self._wake(group)

    # -- one look ----------------------------------------------------------------------------------------------------

    async def look(self, key: Key) -> Outcome:
        group = self._by_key.get(key)
        memory = self._groups.get(group) if group else None
        if group is None or memory is None:
            return DONE
        apps, settings, now = self._apps(group), self._context.plane.settings, self._context.clock.now()
        if not memory.members:
            del self._groups[group], self._by_key[key]
        if not apps or not settings.hydrator_enabled:
            return DONE
        if (left := memory.gathered_at - self._context.clock.monotonic()) > 0:
            return Outcome(requeue_after=left)
        memory.gathered_at = 0.0
        if any(need.requested(app) for _, app in apps):
            memory.dry = ""
        timeout = timedelta(seconds=settings.refresh_seconds or REFRESH_TIMEOUT)
        needs = [await self._need(app, memory, apps[0][1], now, timeout) for _, app in apps]
        if any(found.is_needed for found in needs):
            return await self._hydrate(memory, apps)
        for (_, app), found in zip(apps, needs, strict=True):
            patch = None if found.in_progress else status.compared(app, memory.dry)
            patch = patch if found.in_progress else status.without_requests(app, app, patch)
            if patch:
                await self._context.write(app, patch)
        return _asleep(needs, now)

    async def _need(
        self, app: JsonObject, memory: GroupMemory, first: JsonObject, now: datetime, overdue: timedelta
    ) -> Need:
        found = need.standing(app, now, overdue, resumes=memory.begun)
        if found is not None:
            return found
        if not memory.dry:
            memory.dry = await self._preparing.resolved(first, 0.0)
        return need.by_revision(app, memory.dry, is_relevant=await self._preparing.is_relevant(app, memory.dry))

    async def _hydrate(self, memory: GroupMemory, apps: list[tuple[Key, JsonObject]]) -> Outcome:
        began = seconds(self._context.clock.now())
        memory.begun = True
        marked = [(key, await self._write(key, app, lambda a: status.begun(a, began)), app) for key, app in apps]
        members = [(key, app, seen) for key, app, seen in marked if app is not None]
        if members:
            end = await self._ended([(key, app) for key, app, _ in members])
            memory.dry = end.dry or memory.dry
            now = seconds(self._context.clock.now())
            for key, app, seen in members:
                await self._write(key, app, partial(end.patch, key=key, seen=seen, now=now))
            if end.unexpected is not None:
                raise end.unexpected
            if end.failure is not None:
                memory.begun = False
                return Outcome(acted=True, requeue_after=need.COOLDOWN.total_seconds(), background=True)
        memory.begun = False
        return Outcome(acted=True)

    async def _ended(self, apps: list[tuple[Key, JsonObject]]) -> End:
        """Everything between the two writes of status. That the API server fails is not the applications' fault."""
        end = End()
        try:
            candidates = self._candidates(apps)
            if errors := validation.errors_of(candidates, self._context.namespace):
                raise Failed(errors)
            end.dry = await self._preparing.dry_commit(apps[0][1])
            work, credentials = await self._preparing.commission(candidates, end.dry)
            end.commit = await committed(work, self._writer(), credentials, self._context.clock)
        except Failed as error:
            end.failure = error
        except SourceError as error:
            end.failure = Failed({}, for_all=f"failed to commit hydrated manifests: {error}")
        except (StatusError, OSError, FencedOff):
            raise
        except Exception as error:  # shown to the applications' owners, and to whoever reads the log
            end.failure, end.unexpected = Failed({}, for_all=described(error)), error
        return end

    # -- what is read and written ------------------------------------------------------------------------------------

    def _apps(self, group: Group) -> list[tuple[Key, JsonObject]]:
        """Those that are to be hydrated now, by name."""
        found = []
        for key in sorted(self._groups[group].members):
            app = self._context.latest(key)
            if app is None or app["metadata"].get("deletionTimestamp") or group_of(app) != group:
                continue
            if self._is_ours(key) and annotations_of(app).get(SKIP_RECONCILE) != "true":
                found.append((key, app))
        return found

    def _candidates(self, apps: list[tuple[Key, JsonObject]]) -> list[Candidate]:
        plane = self._context.plane
        found = []
        for key, app in apps:
            project = plane.project(project_of(app))
            spec = projects.effective(project, plane.projects_by_name(), plane.settings) if project else None
            found.append(Candidate(key, app, spec))
        return found

    async def _write(
        self, key: Key, app: JsonObject, patch_of: Callable[[JsonObject], JsonObject | None]
    ) -> JsonObject | None:
        """The application as written; None when it is gone, or no longer to be hydrated like this.

        Others write to applications all the time: after a conflict the same is said of what is there then.
        """
        current = self._context.latest(key) or app
        for left in range(WRITE_TRIES - 1, -1, -1):
            if group_of(current) != group_of(app):
                return None
            patch = patch_of(current)
            if patch is None:
                return current
            try:
                return await self._context.write(current, patch)
            except StatusError as error:
                if error.is_not_found:
                    return None
                if not error.is_conflict or not left:
                    raise
                current = await self._context.read(key)
        return current


def _asleep(needs: list[Need], now: datetime) -> Outcome:
    """Until an operation is overdue, or a failed one may be tried again."""
    due = [(found.wake_at, found.in_progress) for found in needs if found.wake_at is not None and found.wake_at > now]
    if not due:
        return DONE
    at, in_progress = min(due)
    return Outcome(requeue_after=(at - now).total_seconds(), background=not in_progress)


def _concerning(app: JsonObject | None) -> object:
    """The part of an application that hydration depends on, and others write."""
    if app is None:
        return None
    metadata = app["metadata"]
    marks = annotations_of(app)
    names = (HYDRATE, HYDRATE_TIMESTAMP, SKIP_RECONCILE)
    operation = part(status.status_of(app), "currentOperation").get("phase")
    deleted = metadata.get("deletionTimestamp")
    return hydrator_of(app), project_of(app), deleted, operation, [marks.get(name) for name in names]


def _key_of(app: JsonObject) -> Key:
    return Key(app["metadata"]["namespace"], app["metadata"]["name"])

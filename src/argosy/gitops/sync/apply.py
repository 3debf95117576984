"""Runs one task of a sync in the destination cluster (spec 7.2, 7.3); every write is conditional."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace

from argosy.gitops.clusters.live_state import LiveObjects, revision
from argosy.gitops.keys import (
    FIELD_MANAGER,
    HOOK_FINALIZER,
    PREFIX,
    ResourceKey,
    annotations_of,
    resource_key,
)
from argosy.gitops.ports import KnownTypes
from argosy.gitops.sync.apply_patch import apply_patch, is_bound_otherwise, with_last_applied
from argosy.gitops.sync.manager_migration import handed_over
from argosy.gitops.sync.options import Options, is_kept
from argosy.gitops.sync.plan import Result
from argosy.gitops.sync.refused_lists import refused_lists
from argosy.gitops.sync.tasks import Task
from argosy.machinery import requests
from argosy.machinery.api import FieldValidation, PatchType, Propagation
from argosy.machinery.objects import JsonObject, JsonValue, Key, Resource, group_version
from argosy.machinery.status import StatusError
from argosy.machinery.text.plain_text import plain_line
from argosy.observe.tracing import span
from argosy.runtime.client import Client

ATTEMPTS = 5
"""How many consecutive conflicts are answered by reading again."""


class Applier:
    def __init__(self, client: Client, live: LiveObjects, known: KnownTypes) -> None:
        self._client = client
        self._live = live
        self._known = known
        self.writes = 0

    async def carry_out(
        self,
        task: Task,
        options: Options,
        *,
        prune: bool,
        dry_run: bool,
        force: bool,
        managers: Collection[str] = (),
    ) -> Result:
        """A refusal is the task's result. Raises other errors: a lost race or answer, an unavailable or busy server.

        `managers`: those whose fields server-side apply takes over.
        """
        with span("apply", object=str(task.key), dry_run=dry_run):
            return await self._carried_out(task, options, prune, dry_run, force, managers)

    async def _carried_out(
        self, task: Task, options: Options, prune: bool, dry_run: bool, force: bool, managers: Collection[str]
    ) -> Result:
        try:
            if task.is_prune:
                return await self._prune(task, options, prune=prune, dry_run=dry_run)
            message = await self._apply(task, options, dry_run=dry_run, force=force, managers=managers)
        except StatusError as error:
            if error.is_passing:
                raise
            return Result("SyncFailed", error.message, "Failed")
        # A dry run has no effect that could be waited for.
        return Result("" if task.hook else "Synced", message, "Succeeded" if dry_run else "Running")

    async def _prune(self, task: Task, options: Options, *, prune: bool, dry_run: bool) -> Result:
        assert task.live is not None
        if is_kept(task.live, options):
            return Result("PruneSkipped", "ignored (no prune)", "Succeeded")
        if not prune:
            return Result("PruneSkipped", "ignored (requires pruning)", "Succeeded")
        if dry_run:
            return Result("Pruned", "pruned (dry run)", "Succeeded")
        await self.delete(task.live, _propagation(options))
        return Result("Pruned", "pruned", "Running")

    async def clear(self, live: JsonObject) -> None:
        """A finished hook object: our finalizer is removed, and it is deleted."""
        await self.release(live)
        if not live["metadata"].get("deletionTimestamp"):
            await self.delete(live, "Background")

    async def release(self, live: JsonObject) -> None:
        """Removes our finalizer from a hook with a recorded outcome; one that is deleted or replaced by now is fine."""

        async def let_go(seen: JsonObject) -> None:
            metadata = seen["metadata"]
            finalizers = metadata.get("finalizers") or []
            if HOOK_FINALIZER not in finalizers:
                return
            kept = [name for name in finalizers if name != HOOK_FINALIZER]
            # For this version: another finalizer that was added meanwhile must not be removed with ours.
            versions = {name: metadata[name] for name in ("uid", "resourceVersion")}
            await self._client.write(
                requests.patch(
                    self._resource(seen),
                    Key(metadata.get("namespace") or "", metadata["name"]),
                    {"metadata": {"finalizers": kept or None, **versions}},
                    PatchType.MERGE,
                    manager=FIELD_MANAGER,
                )
            )

        await self._while_there(live, let_go)

    async def preview(self, target: JsonObject) -> JsonObject:
        """The target after a server-side apply, by dry run; nothing is changed."""
        resource = self._resource(target)
        return await self._client.write(
            requests.apply(resource, target, manager=FIELD_MANAGER, force=True, dry_run=True)
        )

    async def dry_run(self, task: Task, options: Options, *, force: bool) -> str:
        """Why the server would refuse the task; "" if it would not. Raises other errors, as `carry_out`."""
        try:
            await self._apply(task, options, dry_run=True, force=force)
        except StatusError as error:
            if error.is_passing:
                raise
            return error.message
        return ""

    async def delete(self, live: JsonObject, propagation: Propagation) -> None:
        """Deletes exactly the object that was read; one that is deleted, or replaced by now, is fine.

        If its marks were changed meanwhile, as by another Application that takes it over, that is a conflict.
        """

        async def go(seen: JsonObject) -> None:
            metadata = seen["metadata"]
            await self._client.write(
                requests.remove(
                    self._resource(seen),
                    Key(metadata.get("namespace") or "", metadata["name"]),
                    propagation=propagation,
                    uid=metadata.get("uid") or "",
                    resource_version=metadata.get("resourceVersion") or "",
                )
            )

        await self._while_there(live, go)

    async def _while_there(self, live: JsonObject, write: Callable[[JsonObject], Awaitable[None]]) -> None:
        """A conflict is not a success: it is read again, and written again as long as it is the same object."""
        seen = live
        for left in range(ATTEMPTS - 1, -1, -1):
            try:
                self.writes += 1
                return await write(seen)
            except StatusError as error:
                if error.is_not_found:
                    return None
                if not error.is_conflict or not left:
                    raise
            found = await self._read(self._resource(live), resource_key(live))
            if found is None:
                return None
            if found["metadata"].get("uid") == live["metadata"].get("uid"):
                if _marks(found) != _marks(live):
                    raise StatusError(409, "Conflict", "it was marked otherwise meanwhile: it may be another's now")
                seen = found
            elif revision(found) > revision(live):
                return None  # and not an older one of the name, from a stale read
        raise AssertionError("the last attempt returns or raises")

    async def _apply(
        self, task: Task, options: Options, *, dry_run: bool, force: bool, managers: Collection[str] = ()
    ) -> str:
        try:
            return await self._applied(task, options, dry_run=dry_run, force=force, managers=managers)
        except StatusError as error:
            live, patch = self._live.get(task.key), refused_lists(error, task.obj)
            if live is None or not patch:
                raise
        resource = self._resource(task.obj)
        self.writes += 1
        # Exactly what was read: a list that changed since is not replaced.
        emptied = requests.merge(resource, live, patch, manager=FIELD_MANAGER)
        made = await self._client.write(replace(emptied, dry_run=dry_run))
        if dry_run:
            return self._done(made, resource, "configured", dry_run)
        self._live.wrote(made)
        return await self._applied(task, options, dry_run=dry_run, force=force, managers=managers)

    async def _applied(
        self, task: Task, options: Options, *, dry_run: bool, force: bool, managers: Collection[str] = ()
    ) -> str:
        target = task.obj
        resource = self._resource(target)
        if task.server_side or (options.has("ServerSideApply", obj=target) and not options.has("Replace", obj=target)):
            if managers and not dry_run:
                await self._take_over(resource, task, managers)
            self.writes += 1
            made = await self._client.write(
                requests.apply(
                    resource,
                    target,
                    manager=FIELD_MANAGER,
                    validation=_validation(options, target),
                    force=True,
                    dry_run=dry_run,
                )
            )
            return self._done(made, resource, "serverside-applied", dry_run)
        if task.live is not None and is_bound_otherwise(target, task.live):
            if dry_run:
                return await self._check_recreation(target, resource, options)
            await self.delete(task.live, "Background")
            self._live.forget(task.key)
        live = self._live.get(task.key)
        for attempt in range(ATTEMPTS):
            try:
                made, verb = await self._write(target, live, resource, options, dry_run)
                return self._done(made, resource, verb, dry_run)
            except StatusError as error:
                lost = error.is_conflict or error.is_already_exists or error.is_not_found
                if not lost and (force or options.has("Force", obj=target)) and live is not None and error.code == 422:
                    rehearsed = await self._check_recreation(target, resource, options)
                    if dry_run:
                        return rehearsed
                    await self.delete(live, "Background")
                elif not lost or attempt == ATTEMPTS - 1:
                    raise
                live = _newer(live, await self._read(resource, task.key))
                if error.is_not_found and live is None and attempt:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _check_recreation(self, target: JsonObject, resource: Resource, options: Options) -> str:
        """Checks whether the object may be re-created, before the existing one is deleted. Raises StatusError."""
        try:
            await self._write(target, None, resource, options, dry_run=True)
        except StatusError as error:
            # A valid object is only refused because the existing one is still there.
            if not error.is_already_exists:
                raise
        return self._done(target, resource, "deleted and created", dry_run=True)

    async def _take_over(self, resource: Resource, task: Task, managers: Collection[str]) -> None:
        """Conditional on the version that was read: if it changed meanwhile the sync reads it again."""
        live = self._live.get(task.key)
        entries = handed_over(live, managers) if live is not None else None
        if live is None or entries is None:
            return
        metadata = live["metadata"]
        patch: list[JsonValue] = [
            {"op": "replace", "path": "/metadata/managedFields", "value": list(entries)},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        ]
        self.writes += 1
        try:
            name, namespace = metadata["name"], metadata.get("namespace") or ""
            await self._client.write(
                requests.patch(resource, Key(namespace, name), patch, PatchType.JSON, manager=FIELD_MANAGER)
            )
        except StatusError as error:
            if not error.is_not_found:
                raise

    async def _write(
        self, target: JsonObject, live: JsonObject | None, resource: Resource, options: Options, dry_run: bool
    ) -> tuple[JsonObject, str]:
        validation = _validation(options, target)
        if live is None:
            self.writes += 1
            body = target if options.has("Replace", obj=target) else with_last_applied(target)
            made = await self._client.write(
                requests.create(resource, body, manager=FIELD_MANAGER, validation=validation, dry_run=dry_run)
            )
            return made, "created"
        metadata = live["metadata"]
        if options.has("Replace", obj=target):
            self.writes += 1
            versioned = {**target["metadata"], "resourceVersion": metadata["resourceVersion"]}
            body = {**target, "metadata": versioned}
            made = await self._client.write(
                requests.update(resource, body, manager=FIELD_MANAGER, validation=validation, dry_run=dry_run)
            )
            return made, "replaced"
        patch = apply_patch(target, live, self._known)
        if not patch:
            return live, "unchanged"
        self.writes += 1
        patch["metadata"] = {**(patch.get("metadata") or {}), "resourceVersion": metadata["resourceVersion"]}
        made = await self._client.write(
            requests.patch(
                resource,
                Key(metadata.get("namespace") or "", metadata["name"]),
                patch,
                PatchType.MERGE,
                manager=FIELD_MANAGER,
                validation=validation,
                dry_run=dry_run,
            )
        )
        return made, "configured"

    async def _read(self, resource: Resource, key: ResourceKey) -> JsonObject | None:
        try:
            return await self._client.get(requests.Get(resource, Key(key.namespace, key.name)))
        except StatusError as error:
            if error.is_not_found:
                return None
            raise

    def _done(self, made: JsonObject, resource: Resource, verb: str, dry_run: bool) -> str:
        if not dry_run:
            self._live.wrote(made)
        return summary(resource.group, resource.kind, made["metadata"].get("name"), verb, dry_run=dry_run)

    def _resource(self, obj: JsonObject) -> Resource:
        found = self._live.resource(obj)
        if found is None:
            raise StatusError(404, "NotFound", missing_kind(obj))
        return found


def _marks(obj: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Marks by which an object may belong to an Application."""
    metadata = obj["metadata"]
    tracking = {name: value for name, value in annotations_of(obj).items() if name.startswith(PREFIX)}
    return metadata.get("labels") or {}, tracking


def summary(group: str, kind: str, name: str, verb: str, *, dry_run: bool) -> str:
    """The result for an object, in kubectl's words."""
    return f"{kind.lower()}{'.' + group if group else ''}/{name} {verb}" + (" (dry run)" if dry_run else "")


def _validation(options: Options, target: JsonObject) -> FieldValidation:
    """Fields that the server does not know are refused, unless `Validate=false` (spec 7.2)."""
    return "Ignore" if options.has("Validate", "false", target) else "Strict"


def missing_kind(obj: JsonObject) -> str:
    """For a kind whose CRD is not installed."""
    metadata, kind = obj.get("metadata") or {}, obj.get("kind")
    group = group_version(str(obj.get("apiVersion") or ""))[0]
    place = f"{metadata.get('namespace') or ''}/{metadata.get('name')}"
    return plain_line(
        f"The Kubernetes API could not find {group}/{kind} for requested resource {place}. "
        f'Make sure the "{kind}" CRD is installed on the destination cluster.'
    )


def _newer(seen: JsonObject | None, read: JsonObject | None) -> JsonObject | None:
    """A read may be older than an earlier one: with it, an object that differs would count as unchanged."""
    return seen if seen is not None and read is not None and revision(read) < revision(seen) else read


def _propagation(options: Options) -> Propagation:
    match options.text("PrunePropagationPolicy"):
        case "background":
            return "Background"
        case "orphan":
            return "Orphan"
    return "Foreground"

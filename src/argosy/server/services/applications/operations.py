"""Sync, rollback, and terminate: validates the requests that the controllers carry out (spec 3.1)."""

from __future__ import annotations

import re
from typing import Any, Final

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.argoproj.project import SyncWindow
from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.model.application_spec import is_multi, sources_of, spec_of
from argosy.gitops.projects import sync_windows
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.calls import Call
from argosy.server.context import APPLICATIONS, ServerContext
from argosy.server.errors import ApiError, Code, denied, failed_precondition, invalid, unknown
from argosy.server.services.applications.access import RESOURCE, Found, check_project, find
from argosy.server.services.applications.revisions import said_of
from argosy.server.services.applications.writing import MANAGER, TRIES, seen, user_of
from argosy.sources.port import SourceError

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
BUSY: Final = "another operation is already in progress"
IDLE: Final = "Unable to terminate operation. No operation is in progress"
TERMINATE_PAUSE: Final = 0.1


class Operations:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def sync(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._found(call, "get")
        app, spec = found.app, spec_of(found.app)
        self._check_windows(app, spec)
        call.permit(RESOURCE, "sync", found.target)
        manifests, dry_run = request.get("manifests"), request.get("dryRun") is True
        automated = spec.sync_policy.is_automated and not dry_run
        if manifests:
            call.permit(RESOURCE, "override", found.target)
            if automated:
                raise failed_precondition(
                    "cannot use local sync when Automatic Sync Policy is enabled unless for dry run"
                )
        if app["metadata"].get("deletionTimestamp"):
            raise failed_precondition("application is deleting")
        revisions, shown = await self._revisions(call, found, spec, automated=automated)
        operation = self._operation(call, spec, revisions)
        self._check_options(found, operation, manifests)
        made = await self._request(app, operation)
        partial = "partial " if request.get("resources") else ""
        what = f"initiated {partial}sync locally" if manifests else f"initiated {partial}sync to {','.join(shown)}"
        self._context.events.record(made, "OperationStarted", f"{user_of(call)} {what}")
        return made

    async def rollback(self, call: Call) -> JsonObject:
        enforced = self._context.configuration.flag("server.rbac.rollback.enforce.enable")
        found = await self._found(call, "rollback" if enforced else "sync")
        app, spec = found.app, spec_of(found.app)
        if app["metadata"].get("deletionTimestamp"):
            raise failed_precondition("application is deleting")
        if spec.sync_policy.is_automated:
            raise failed_precondition("rollback cannot be initiated when auto-sync is enabled")
        wanted = int(call.request.get("id") or 0)
        metadata = app["metadata"]
        history = (app.get("status") or {}).get("history") or ()
        entry = next((item for item in history if int(item.get("id") or 0) == wanted), None)
        if entry is None:
            raise invalid(
                f"application {metadata['namespace']}/{metadata['name']} does not have deployment with id {wanted}"
            )
        if not entry.get("source") and not entry.get("sources"):
            raise failed_precondition(f"the history entry {wanted} does not tell its source: sync to its revision")
        sync: JsonObject = {key: entry[key] for key in ("revision", "revisions", "source", "sources") if entry.get(key)}
        sync.setdefault("source", {"repoURL": ""})
        sync["syncStrategy"] = {"apply": {}}
        for key in ("dryRun", "prune"):
            if call.request.get(key):
                sync[key] = True
        if spec.sync_policy.sync_options:
            sync["syncOptions"] = list(spec.sync_policy.sync_options)
        made = await self._request(app, {"sync": sync, "initiatedBy": _initiator(call), "retry": {}})
        self._context.events.record(made, "OperationStarted", f"{user_of(call)} initiated rollback to {wanted}")
        return made

    async def terminate(self, call: Call) -> JsonObject:
        found = await self._found(call, "sync")
        app, client = found.app, self._context.client
        for _ in range(TRIES):
            state = (app.get("status") or {}).get("operationState")
            if not app.get("operation") or not state:
                raise invalid(IDLE)
            body = {**app, "status": {**app["status"], "operationState": {**state, "phase": "Terminating"}}}
            try:
                made = await client.write(requests.update(APPLICATIONS, body, manager=MANAGER))
            except StatusError as error:
                if not error.is_conflict:
                    raise
                await self._context.clock.sleep(TERMINATE_PAUSE)
                app = await client.get(
                    requests.Get(APPLICATIONS, Key(app["metadata"]["namespace"], app["metadata"]["name"]))
                )
                continue
            self._context.events.record(made, "ResourceUpdated", f"{user_of(call)} terminated running operation")
            return {}
        raise ApiError(Code.INTERNAL, "Failed to terminate app. Too many conflicts")

    async def windows(self, call: Call) -> JsonObject:
        found = await self._found(call, "get")
        app, spec = found.app, spec_of(found.app)
        assigned, now = self._windows(app, spec), self._context.clock.now()
        active = [window for window in assigned if sync_windows.is_active(window, now)]
        return {
            "assignedWindows": [_window(window.raw) for window in assigned],
            "activeWindows": [_window(window.raw) for window in active],
            "canSync": sync_windows.allows(assigned, sync_windows.Asked(manual=True), now),
        }

    async def _found(self, call: Call, action: str) -> Found:
        request = call.request
        return await find(
            self._context,
            call,
            action,
            request.get("name") or "",
            namespace=request.get("appNamespace") or "",
            project=request.get("project") or "",
        )

    def _windows(self, app: JsonObject, spec: ApplicationSpec) -> list[SyncWindow]:
        permits = check_project(self._context, app)
        try:
            cluster = self._context.engine.cluster(spec)
        except InvalidDestination:
            return []
        return sync_windows.matching(permits.sync_windows, app["metadata"]["name"], cluster, spec.destination.namespace)

    def _check_windows(self, app: JsonObject, spec: ApplicationSpec) -> None:
        chosen = self._windows(app, spec)
        if not sync_windows.allows(chosen, sync_windows.Asked(manual=True), self._context.clock.now()):
            raise denied("cannot sync: blocked by sync window")

    # -- revisions -----------------------------------------------------------------------------------------------------

    async def _revisions(
        self, call: Call, found: Found, spec: ApplicationSpec, *, automated: bool
    ) -> tuple[list[str], list[str]]:
        """The revision of each source, and its name for people."""
        sources, asked = sources_of(spec), self._asked(call.request, spec)
        for source, wanted in zip(sources, asked, strict=True):
            target = source.target_revision or "HEAD"
            if not wanted or wanted == target:
                continue
            if self._context.configuration.flag("application.sync.requireOverridePrivilegeForRevisionSync"):
                call.permit(RESOURCE, "override", found.target)
            if automated:
                place = f"source {source.repo_url} to " if is_multi(spec) else "to "
                raise failed_precondition(
                    f"Cannot sync {place}{wanted}: auto-sync currently set to {source.target_revision}"
                )
        if call.request.get("manifests"):
            return [""] * len(sources), asked
        resolved = [await self._resolved(source, wanted, spec) for source, wanted in zip(sources, asked, strict=True)]
        return [revision for revision, _ in resolved], [text for _, text in resolved]

    def _asked(self, request: JsonObject, spec: ApplicationSpec) -> list[str]:
        """By source; "" for the spec's own."""
        count = len(sources_of(spec))
        if not is_multi(spec):
            return [str(request.get("revision") or "")] * count
        asked = [""] * count
        revisions = request.get("revisions") or []
        for index, position in enumerate(request.get("sourcePositions") or ()):
            if not 1 <= position <= count:
                raise unknown("source position is out of range")
            if index >= len(revisions):
                raise invalid("revisions: there are fewer than sourcePositions")
            asked[position - 1] = str(revisions[index] or "")
        return asked

    async def _resolved(self, source: Source, wanted: str, spec: ApplicationSpec) -> tuple[str, str]:
        name = wanted or source.target_revision
        if not source.chart and COMMIT.fullmatch(name):
            return name, name
        book = self._context.engine.plane.credentials
        try:
            revision = await self._context.engine.manifests.resolve(
                read(Source, {**source.raw, "targetRevision": name}), book, spec.project
            )
        except SourceError as error:
            text = f"error resolving repo revision: rpc error: code = Unknown desc = {said_of(error)}"
            raise failed_precondition(text) from None
        return revision, f"{name or 'HEAD'} ({revision})" if name != revision else revision

    # -- the request ---------------------------------------------------------------------------------------------------

    def _operation(self, call: Call, spec: ApplicationSpec, revisions: list[str]) -> JsonObject:
        request, policy = call.request, spec.sync_policy
        sync: JsonObject = {}
        if is_multi(spec):
            sync |= {"sources": [source.raw for source in sources_of(spec)], "revisions": revisions}
        else:
            sync |= {"source": next((source.raw for source in sources_of(spec)), {})}
            if revisions and revisions[0]:
                sync["revision"] = revisions[0]
        for key in ("prune", "dryRun"):
            if request.get(key):
                sync[key] = True
        given: dict[str, Any] = {
            "syncStrategy": request.get("strategy"),
            "resources": request.get("resources"),
            "manifests": request.get("manifests"),
        }
        sync |= {key: value for key, value in given.items() if value}
        chosen = request.get("syncOptions")
        options = (chosen.get("items") if isinstance(chosen, dict) else None) or (
            [] if isinstance(chosen, dict) else list(policy.sync_options)
        )
        if options:
            sync["syncOptions"] = options
        operation: JsonObject = {"sync": sync, "initiatedBy": _initiator(call)}
        if request.get("infos"):
            operation["info"] = request["infos"]
        operation["retry"] = request.get("retryStrategy") or (policy.retry.raw if policy.retry else {})
        return operation

    def _check_options(self, found: Found, operation: JsonObject, manifests: object) -> None:
        parameters = self._context.configuration.parameters
        replaces = "Replace=true" in (operation["sync"].get("syncOptions") or ())
        if replaces and parameters.get("server.sync.replace.allowed") == "false":
            raise failed_precondition(
                "sync with replace was disabled on the API Server level via the server configuration"
            )
        permits = check_project(self._context, found.app)
        if manifests and (permits.source_integrity or permits.signature_keys):
            raise failed_precondition("Cannot use local manifests when source integrity is enforced")

    async def _request(self, app: JsonObject, operation: JsonObject) -> JsonObject:
        """Resets the previous operation's state in the same write: its end must not be taken for this one's."""
        client, metadata = self._context.client, app["metadata"]
        for _ in range(TRIES):
            app = await client.get(requests.Get(APPLICATIONS, Key(metadata["namespace"], metadata["name"])))
            if app.get("operation"):
                raise failed_precondition(BUSY)
            status = {key: value for key, value in (app.get("status") or {}).items() if key != "operationState"}
            body = {**app, "operation": operation, "status": status}
            try:
                return await seen(
                    self._context, await client.write(requests.update(APPLICATIONS, body, manager=MANAGER))
                )
            except StatusError as error:
                if not error.is_conflict:
                    raise
        raise ApiError(Code.ABORTED, "the application is being changed by others: try again")


def _initiator(call: Call) -> JsonObject:
    return {"username": call.caller.username} if call.caller.username else {}


def _window(window: JsonObject) -> JsonObject:
    """In the answer's form: fewer fields than the project's own."""
    return {key: window[key] for key in ("kind", "schedule", "duration", "manualSync") if window.get(key)}

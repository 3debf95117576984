"""The embedded server as used by the simulated controllers: the same request pipeline, without waiting for the disk.

A write without webhooks runs through in one go. With webhooks registered it may have to wait for one: then it runs
on as a task of the server, and the controller decides again when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from argosy.cluster.direct import delete_options
from argosy.cluster.handlers import creating, deleting, patching, pods, updating
from argosy.cluster.handlers.api import Handler
from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.large import is_large
from argosy.cluster.handlers.writing import not_stored
from argosy.cluster.kind import User
from argosy.cluster.request import ApiRequest, ApiResponse, Options, Verb
from argosy.cluster.store import Change
from argosy.cluster.store.entry import Unencodable
from argosy.cluster.workloads.decision import MANAGER, Write
from argosy.cluster.workloads.ports import Commit, Commits, Deferred, Held, Settled
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.view import Whole
from argosy.machinery.objects import JsonObject, Resource, key_of
from argosy.machinery.status import StatusError

Spawn = Callable[[Coroutine[Any, Any, None]], object]
_VERBS: dict[str, tuple[Verb, Handler]] = {
    "create": ("create", creating.create),
    "update": ("update", updating.update),
    "patch": ("patch", patching.patch),
    "delete": ("delete", deleting.delete),
}
_BY_STORAGE = {(resource.group, resource.plural): resource for resource in RESOURCES.values()}


class PipelineServer:
    """`core`, `on_commit` and `spawn` are `EmbeddedCluster`'s."""

    def __init__(
        self, core: Core, on_commit: Callable[[Callable[[Sequence[Change]], None]], Callable[[], None]], spawn: Spawn
    ) -> None:
        self._core, self._on_commit, self._spawn = core, on_commit, spawn
        self._users: dict[str, User] = {}

    def list(self, resource: Resource) -> Iterable[JsonObject]:
        kind = self._core.catalog.of(resource)
        if kind is None:
            return []
        return [kind.from_storage(entry.peek) for entry in self._core.table(kind).scan()]

    def hold(self, resource: Resource, obj: JsonObject) -> Held:
        """The store's own entry while it is of this version; it decodes on demand."""
        kind = self._core.catalog.of(resource)
        entry = self._core.table(kind).entries.get(key_of(obj)) if kind is not None else None
        return entry if entry is not None and str(entry.rev) == obj["metadata"]["resourceVersion"] else Whole(obj)

    def subscribe(self, commits: Commits) -> Callable[[], None]:
        def committed(batch: Sequence[Change]) -> None:
            found = []
            for change in batch:
                resource = _BY_STORAGE.get((change.group, change.plural))
                if resource is not None:
                    old = change.old.obj if change.old is not None else None
                    found.append(Commit(resource, old, change.new.obj if change.new is not None else None))
            if found:
                commits(found)

        return self._on_commit(committed)

    def flaw(self, resource: Resource, obj: JsonObject) -> str:
        kind = self._core.catalog.of(resource)
        if kind is None:
            return ""
        request = ApiRequest(
            verb="update", kind=kind, user=self._user(MANAGER), namespace="", name="", options=Options()
        )
        try:
            decoded = kind.strategy.decode({**obj, "metadata": dict(obj["metadata"])}).obj
            ctx = self._core.context(request, "UPDATE", self._core.clock.now())
            causes = kind.strategy.validate(ctx, decoded, decoded)
        except StatusError as error:
            return error.message if resource.plural != "secrets" else "not a Secret"
        except Exception as error:  # the rules themselves fail on it
            return f"cannot be judged: {type(error).__name__}"
        return "; ".join(f"{cause.field}: {cause.reason or 'invalid'}" for cause in causes)

    def type_warnings(self, policy: JsonObject) -> Sequence[JsonObject]:
        from argosy.cluster.kinds.validation.policy_types import type_warnings  # imported with the first policy

        return type_warnings(policy, self._core.catalog)

    def submit(self, write: Write, settled: Settled) -> JsonObject | None:
        request, handler = self._request(write)
        waits = self._core.admission.webhooks is not None and self._may_wait(request)
        if waits or is_large(request.body):
            self._spawn(self._in_background(handler, request, settled))
            raise Deferred
        running = handler(self._core, request)
        try:
            running.send(None)  # type: ignore[attr-defined]  # every handler is a coroutine function
        except StopIteration as finished:
            return self._stored(write, finished.value)
        except (OSError, Unencodable) as error:
            raise not_stored(error) from error
        running.close()  # type: ignore[attr-defined]
        raise AssertionError(f"{write.verb} of {write.resource.plural} waits without a webhook")

    def _may_wait(self, request: ApiRequest) -> bool:
        """Whether a webhook is registered for kinds of this group."""
        tables = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
        group = request.kind.resource.group
        return any(
            group in groups or "*" in groups
            for name in tables
            for entry in self._core.store.table("admissionregistration.k8s.io", name).scan("")
            for webhook in entry.obj.get("webhooks") or ()
            for groups in (rule.get("apiGroups") or () for rule in webhook.get("rules") or ())
        )

    async def _in_background(self, handler: Handler, request: ApiRequest, settled: Settled) -> None:
        try:
            await handler(self._core, request)
        except StatusError as error:
            settled(error)
        except (OSError, Unencodable) as error:
            settled(not_stored(error))
        else:
            settled(None)

    def _request(self, write: Write) -> tuple[ApiRequest, Handler]:
        kind = self._core.catalog.of(write.resource)
        if kind is None:
            raise StatusError(404, "NotFound", f"{write.resource.plural} are not served")
        verb, handler = _VERBS[write.verb]
        if write.subresource == "binding":
            handler = pods.bind
        body = write.body
        if verb == "delete":
            body = delete_options(write.propagation, write.grace_seconds, write.uid, write.resource_version)
        request = ApiRequest(
            verb=verb,
            kind=kind,
            user=self._user(write.manager),
            namespace=write.key.namespace,
            name="" if verb == "create" and not write.subresource else write.key.name,
            subresource=write.subresource,
            body=body,
            patch_type=write.patch_type if verb == "patch" else None,
            options=Options(field_manager=write.manager),
            user_agent=write.manager,
        )
        return request, handler

    def _user(self, name: str) -> User:
        found = self._users.get(name)
        if found is None:
            groups = ("system:masters", "system:authenticated")
            found = self._users[name] = User(f"system:{name}", groups)
        return found

    def _stored(self, write: Write, response: ApiResponse) -> JsonObject | None:
        if response.body.get("kind") != "Status" and write.verb != "delete":
            return response.body
        kind = self._core.catalog.of(write.resource)
        entry = self._core.table(kind).entries.get(write.key) if kind is not None else None
        return entry.obj if entry is not None else None

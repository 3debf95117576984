"""API writes of simulated programs: a running container creates the objects that its rules define.

With the rights of the Pod's ServiceAccount, so that a rule gives nobody more rights than a Pod would have. An existing
object with the same content is left alone. A refusal is reported by a Warning event and retried while the container
runs, as its program would be restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from argosy.cluster.ports import Clock
from argosy.cluster.store import Change
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rule_reading import ANNOTATION
from argosy.cluster.workloads.view import View
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import Get, Served, Write, create
from argosy.machinery.status import StatusError

MANAGER = "simulated-program"
APPLY = f"{ANNOTATION}apply"
TRIES, PAUSE_SECONDS = 30, 1.0
"""A Role that the program needs may be created after it."""


class Client(Protocol):
    async def served(self, *, fresh: bool = False) -> Served: ...
    async def get(self, request: Get) -> JsonObject: ...
    async def write(self, request: Write) -> JsonObject: ...


class ProgramWrites:
    """`acting_as` returns the client of a user; `say` stores an event."""

    def __init__(
        self,
        view: View,
        book: RuleBook,
        clock: Clock,
        acting_as: Callable[[str], Client],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        say: Callable[[Event], object],
    ) -> None:
        self._view, self._book, self._clock = view, book, clock
        self._acting_as, self._spawn, self._record_event = acting_as, spawn, say
        self._started: set[str] = set()
        """Runs in progress, by their container's identity."""

    def start(self) -> None:
        """Containers that are already running do it again: a previous process may have stopped before."""
        for pod in list(self._view.every("pods")):
            self._changed(pod)

    def committed(self, batch: Sequence[Change]) -> None:
        for change in batch:
            if (change.group, change.plural) != ("", "pods"):
                continue
            if change.new is not None:
                self._changed(change.new.obj)
            elif self._started and change.old is not None:
                self._started -= {str(item.get("containerID")) for item in _statuses(change.old.obj)}

    def _changed(self, pod: JsonObject) -> None:
        annotated = APPLY in (pod["metadata"].get("annotations") or {})
        if not annotated and not self._book.writes:
            return
        running = [item for item in _statuses(pod) if "running" in (item.get("state") or {})]
        if all(item.get("containerID") in self._started for item in running):
            return
        owners = owners_of(self._view, pod)
        effects = effects_of(pod, self._book.current, ordinal_of(self._view, pod), owners, self._clock.now())
        for item in running:
            run, effect = str(item.get("containerID")), effects.get(item["name"])
            if run not in self._started and effect is not None and effect.apply:
                self._started.add(run)
                self._spawn(self._carry_out(pod, run, effect.apply))

    async def _carry_out(self, pod: JsonObject, run: str, manifests: Sequence[JsonObject]) -> None:
        metadata = pod["metadata"]
        account = pod["spec"].get("serviceAccountName") or "default"
        client = self._acting_as(f"system:serviceaccount:{metadata['namespace']}:{account}")
        told = ""
        for _ in range(TRIES):
            problem = await _applied(client, manifests, metadata["namespace"])
            if not problem or not self._runs(pod, run):
                break
            if problem != told:
                told = problem
                self._record_event(
                    Event(about=pod, reason="ProgramRefused", message=problem, component="kubelet", type="Warning")
                )
            await self._clock.sleep(PAUSE_SECONDS)

    def _runs(self, pod: JsonObject, run: str) -> bool:
        """Also true if it has just ended: a short run completes its writes."""
        now = self._view.get("pods", Key(pod["metadata"]["namespace"], pod["metadata"]["name"]))
        return now is not None and any(item.get("containerID") == run for item in _statuses(now))


def _statuses(pod: JsonObject) -> list[JsonObject]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


async def _applied(client: Client, manifests: Sequence[JsonObject], namespace: str) -> str:
    """The refusal, or nothing."""
    served = (await client.served()).resources
    for manifest in manifests:
        try:
            await _apply(client, served, manifest, namespace)
        except StatusError as error:
            return error.message
    return ""


async def _apply(client: Client, served: Sequence[Resource], manifest: JsonObject, namespace: str) -> None:
    resource = next(
        (one for one in served if (one.api_version, one.kind) == (manifest["apiVersion"], manifest["kind"])), None
    )
    if resource is None:
        raise StatusError(404, "NotFound", f"{manifest['apiVersion']} {manifest['kind']} is not served")
    metadata = dict(manifest["metadata"])
    metadata = {**metadata, "namespace": metadata.get("namespace") or namespace} if resource.namespaced else metadata
    wanted, key = {**manifest, "metadata": metadata}, Key(metadata.get("namespace", ""), metadata["name"])
    try:
        found = await client.get(Get(resource, key))
    except StatusError as error:
        if error.code not in (403, 404):
            raise
        await client.write(create(resource, wanted, manager=MANAGER))
        return
    if merge_patch(found, wanted) != found:
        write = Write(verb="apply", resource=resource, key=key, body=wanted, manager=MANAGER, force=True)
        await client.write(write)

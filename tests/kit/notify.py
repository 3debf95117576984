"""Notifications in virtual time: Applications that a test writes, deliveries that a script takes or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import orjson

from argosy import notify
from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.notify.ports import Commit, CommitMetadata, Deliver, Delivered, Undelivered, Unknown
from argosy.notify.settings import NotifySettings
from argosy.notify.state import ANNOTATION as STATE
from argosy.notify.subjects import APPLICATIONS
from argosy.runtime.engine import Answerer
from tests.kit.engine import EngineWorld

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
APP = Key("argocd", "web")

Answers = Callable[[Deliver], Delivered | Undelivered]


class Deliveries:
    """`sent` holds what came: recipient and message, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.questions: list[Deliver] = []
        self.answer: Answers = lambda question: Delivered()
        self.commits: dict[str, Commit] = {}

    async def deliver(self, question: Deliver) -> Delivered | Undelivered:
        self.questions.append(question)
        answer = self.answer(question)
        if isinstance(answer, Delivered):
            content = orjson.loads(question.content.value)
            self.sent.append((f"{question.name}:{question.recipient}", content.get("message", "")))
        return answer

    async def commit(self, question: CommitMetadata) -> Commit | Unknown:
        return self.commits.get(question.revision) or Unknown("no such commit")

    def answerers(self) -> dict[Any, Answerer]:
        return {Deliver: Answerer(answer=self.deliver), CommitMetadata: Answerer(answer=self.commit)}


class NotifyWorld(EngineWorld):
    def __init__(self, data: dict[str, str], *, secrets: dict[str, str] | None = None, self_service: bool = False):
        self.deliveries = Deliveries()
        self._data, self._secrets = data, secrets or {}
        settings = NotifySettings(self_service=self_service)
        super().__init__(
            notify.controllers(settings, lambda: self.clock.now(), bytes),
            self.deliveries.answerers(),
            crds=crds("argo-cd"),
            namespaces=("argocd", "team"),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "argocd-notifications-secret", "namespace": "argocd"},
                "stringData": self._secrets,
            }
        )
        self.configure(self._data)
        return self

    def configure(self, data: dict[str, str], namespace: str = "argocd") -> None:
        metadata = {"name": "argocd-notifications-cm", "namespace": namespace}
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    def allow(self, namespaces: str) -> None:
        """Applications may be there, too."""
        metadata = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
        data = {"application.namespaces": namespaces}
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    def application(self, annotations: dict[str, str] | None = None, **metadata: Any) -> JsonObject:
        return self.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": "web", "namespace": "argocd", "annotations": annotations or {}, **metadata},
                "spec": {
                    "project": "default",
                    "source": {"repoURL": "https://git.example/team/web.git", "path": "."},
                    "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
                },
            }
        )

    def status(self, **status: Any) -> None:
        self.patch(APPLICATIONS, "web", {"status": status}, "argocd")

    def sync_status(self, status: str) -> None:
        self.status(sync={"status": status, "comparedTo": None})

    def annotations(self, key: Key = APP) -> dict[str, str]:
        found = self.get(APPLICATIONS, key) or {}
        return dict((found.get("metadata") or {}).get("annotations") or {})

    def notified(self) -> list[str]:
        return sorted(orjson.loads(self.annotations().get(STATE) or "{}"))

    def events(self, reason: str) -> list[JsonObject]:
        events = Resource("", "v1", "events", "Event")
        return [event for event in self.list(events) if event["reason"] == reason]

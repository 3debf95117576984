"""The histories of a Certificate and of a SealedSecret: each part with its state, since when, and its notifications.

No value of a Secret is in them: of the Secret itself its certificates' dates, its keys' names and its owner.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import not_found

SECRETS = Resource("", "v1", "secrets", "Secret")
EVENTS = Resource("", "v1", "events", "Event")
MOST_EVENTS = 50


class Chapter(TypedDict):
    """One object of the story. `state` is one word, `message` a sentence; both may be empty."""

    kind: str
    name: str
    state: str
    message: str
    since: str


class Told(TypedDict):
    """An event, newest first."""

    kind: str
    name: str
    type: str
    reason: str
    message: str
    at: str


class Story(TypedDict):
    """`headline`: what it waits for and until when, in one line."""

    headline: str
    chapters: list[Chapter]
    lines: list[str]
    events: list[Told]


def story_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def certificate(request: ApiRequest) -> Story:
        return await _certificate(context, await object_asked(context, request, "certificates"))

    async def sealed_secret(request: ApiRequest) -> Story:
        return await _sealed(context, await object_asked(context, request, "sealedsecrets"))

    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/certificates/{namespace}/{name}/story",
            summary="A Certificate with its request, order and challenges, down to the issuer's answer",
            needs=needs,
            answers=Story,
            answer=certificate,
        ),
        Endpoint(
            method="GET",
            path="/sealedsecrets/{namespace}/{name}/story",
            summary="Whether a SealedSecret was unsealed, into which Secret, or why not",
            needs=needs,
            answers=Story,
            answer=sealed_secret,
        ),
    )


async def object_asked(context: ServerContext, request: ApiRequest, kind: str) -> JsonObject:
    """Raises ApiError: what one may not see answers as what is not there."""
    resource, namespace, name = LISTED[kind].resource, request.path["namespace"], request.path["name"]
    absent = not_found(f'{resource.qualified} "{name}" not found')
    if not request.call.may(RIGHTS, "get", target_of(resource, namespace, name)):
        raise absent
    if resource not in (await context.client.served()).resources:
        raise absent
    try:
        return await context.client.get(requests.Get(resource, Key(namespace, name)))
    except StatusError as error:
        raise absent if error.is_not_found else error from None


async def _certificate(context: ServerContext, obj: JsonObject) -> Story:
    from argosy.apis.certmanager import Certificate
    from argosy.apis.schema import read
    from argosy.certs.commands import story
    from argosy.certs.commands.gathering import story_of
    from argosy.certs.commands.waiting import headline

    found = await story_of(context.client, read(Certificate, obj))
    parts: list[Any] = [found.certificate, *found.requests]
    chapters = [_by_conditions(one.raw) for one in parts]
    if found.issuer is not None:
        chapters.append(_by_conditions(found.issuer.raw))
    for each in (*found.orders, *found.challenges):
        status = each.raw.get("status") or {}
        chapters.append(_chapter(each.raw, str(status.get("state") or "begun"), str(status.get("reason") or ""), ""))
    chapters.append(_secret(found.certificate.spec.secret_name, found.secret.raw if found.secret else None))
    return {
        "headline": headline(found, context.clock.now()),
        "chapters": chapters,
        "lines": [line for line in story.lines(found) if not line.startswith("Events")],
        "events": _told(found.events),
    }


async def _sealed(context: ServerContext, obj: JsonObject) -> Story:
    metadata = obj["metadata"]
    key = Key(metadata["namespace"], metadata["name"])
    try:
        secret: JsonObject | None = await context.client.get(requests.Get(SECRETS, Key(key.namespace, key.name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        secret = None
    state = LISTED["sealedsecrets"].state(obj)
    own = _chapter(obj, state.state, state.message, state.since)
    template = (obj.get("spec") or {}).get("template") or {}
    lines = [
        f"SealedSecret {key}: {', '.join(sorted((obj.get('spec') or {}).get('encryptedData') or {})) or 'no items'}",
        f"Scope: {_scope(metadata)}",
        f"Type of the Secret: {template.get('type') or 'Opaque'}",
    ]
    if secret is not None and not _is_owned(secret, metadata):
        lines.append(
            f"Secret {key.name} is not of this SealedSecret: it stays as it is unless it says that it may be taken"
        )
    return {
        "headline": state.message or state.state,
        "chapters": [own, _secret(key.name, secret)],
        "lines": lines,
        "events": await events_about(context, obj),
    }


async def events_about(context: ServerContext, obj: JsonObject) -> list[Told]:
    """Of this object, and not of one of its name that went before it."""
    metadata = obj["metadata"]
    selector = f"involvedObject.name={metadata['name']}"
    page = await context.client.page(
        requests.List(resource=EVENTS, namespace=metadata["namespace"], field_selector=selector)
    )
    return _told(one for one in page.items if (one.get("involvedObject") or {}).get("uid") == metadata.get("uid"))


def _scope(metadata: JsonObject) -> str:
    annotations = metadata.get("annotations") or {}
    for name, said in (("cluster-wide", "any namespace and name"), ("namespace-wide", "any name in its namespace")):
        if annotations.get(f"sealedsecrets.bitnami.com/{name}") == "true":
            return f"{name}: {said}"
    return "strict: this namespace and name alone"


def _is_owned(secret: JsonObject, owner: JsonObject) -> bool:
    return any(one.get("uid") == owner.get("uid") for one in secret["metadata"].get("ownerReferences") or ())


def _by_conditions(obj: JsonObject) -> Chapter:
    """By the condition that is not as one would have it, else by Ready."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    chosen: JsonObject = next(
        (
            one
            for one in conditions
            if one.get("type") in ("Denied", "InvalidRequest", "Issuing") and one.get("status") == "True"
        ),
        next((one for one in conditions if one.get("type") == "Ready"), {}),
    )
    state = str(chosen.get("reason") or "New")
    return _chapter(obj, state, str(chosen.get("message") or ""), str(chosen.get("lastTransitionTime") or ""))


def _chapter(obj: JsonObject, state: str, message: str, since: str) -> Chapter:
    created = str(obj["metadata"].get("creationTimestamp") or "")
    return {
        "kind": str(obj.get("kind") or ""),
        "name": str(obj["metadata"]["name"]),
        "state": state,
        "message": message,
        "since": since or created,
    }


def _secret(name: str, secret: JsonObject | None) -> Chapter:
    if secret is None:
        return {"kind": "Secret", "name": name, "state": "Absent", "message": "It is not there", "since": ""}
    keys = ", ".join(sorted(secret.get("data") or {}))
    made = str(secret["metadata"].get("creationTimestamp") or "")
    return {
        "kind": "Secret",
        "name": name,
        "state": "Present",
        "message": f"with {keys or 'nothing in it'}",
        "since": made,
    }


def _told(events: Iterable[JsonObject]) -> list[Told]:
    found: list[Told] = [
        {
            "kind": str((one.get("involvedObject") or {}).get("kind") or ""),
            "name": str((one.get("involvedObject") or {}).get("name") or ""),
            "type": str(one.get("type") or ""),
            "reason": str(one.get("reason") or ""),
            "message": str(one.get("message") or ""),
            "at": str(one.get("lastTimestamp") or one.get("eventTime") or ""),
        }
        for one in events
    ]
    return sorted(found, key=lambda one: one["at"], reverse=True)[:MOST_EVENTS]

"""Answers HTTP-01 with a Pod, a Service, and an Ingress, a rule in an existing Ingress, or an HTTPRoute.

Owns these objects in the Challenge's namespace. Checks that the name serves the key before the challenge is accepted
at the server. Source: spec/cert-manager.md section 8.7.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.apis.certmanager import Challenge
from argosy.certs.acme import http01_objects as made
from argosy.certs.acme.ports import CheckWebsite, NotYet, Visible
from argosy.certs.acme.solving import Solving
from argosy.certs.settings import Settings
from argosy.machinery import requests
from argosy.machinery.controller import Failed, Pending, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key, Resource

_KINDS: Final = (made.PODS, made.SERVICES, made.INGRESSES, made.HTTP_ROUTES)


def look(snapshot: Snapshot, challenge: Challenge, settings: Settings, number: int) -> Solving:
    there = {kind: _there(snapshot, challenge, kind) for kind in _KINDS}
    named = _named_ingress(snapshot, challenge)
    if challenge.metadata.deletion_timestamp or challenge.status.state in ("valid", "invalid", "expired", "errored"):
        return _leaving(challenge, there, named)
    steps = _steps(snapshot, challenge, settings, there, named)
    if isinstance(steps, NotYet):
        return Solving(shown=steps)
    if steps:
        return Solving(steps=steps)
    if not challenge.status.presented:
        return Solving(shown=True)
    return Solving(shown=True, visible=_visible(snapshot, challenge, settings, number))


def _there(snapshot: Snapshot, challenge: Challenge, kind: Resource) -> tuple[JsonObject, ...]:
    if not snapshot.serves(kind):
        return ()
    labels = made.labels_of(challenge)
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    found = snapshot.objects(kind, challenge.metadata.namespace, selector)
    mine = [one for one in found if _is_owned(one, challenge) and not one["metadata"].get("deletionTimestamp")]
    return tuple(sorted(mine, key=lambda one: (one["metadata"].get("creationTimestamp", ""), one["metadata"]["name"])))


def _is_owned(obj: JsonObject, challenge: Challenge) -> bool:
    return any(one.get("uid") == challenge.metadata.uid for one in obj["metadata"].get("ownerReferences") or ())


def _named_ingress(snapshot: Snapshot, challenge: Challenge) -> JsonObject | None:
    name = _ingress(challenge).get("name")
    return snapshot.object(made.INGRESSES, Key(challenge.metadata.namespace, name)) if name else None


def _ingress(challenge: Challenge) -> dict[str, Any]:
    return ((challenge.spec.solver.get("http01") or {}).get("ingress")) or {}


def _route(challenge: Challenge) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (challenge.spec.solver.get("http01") or {}).get("gatewayHTTPRoute")
    return found


def _steps(
    snapshot: Snapshot,
    challenge: Challenge,
    settings: Settings,
    there: dict[Resource, tuple[JsonObject, ...]],
    named: JsonObject | None,
) -> tuple[Step, ...] | NotYet:
    """Creates what is missing, deletes duplicates, and corrects what differs."""
    solver, route = _ingress(challenge), _route(challenge)
    given = route or solver
    wanted: dict[Resource, JsonObject] = {
        made.PODS: made.pod(challenge, settings.solver_pod, given.get("podTemplate") or {}),
        made.SERVICES: made.service(challenge, given.get("serviceType") or ""),
    }
    services = there[made.SERVICES]
    service = services[0]["metadata"]["name"] if services else made.name_of(challenge, "Service")
    if route is not None:
        if not snapshot.serves(made.HTTP_ROUTES):
            return NotYet("the API server does not serve HTTPRoutes of the Gateway API")
        wanted[made.HTTP_ROUTES] = made.http_route(challenge, route, service)
    elif solver.get("name"):
        if named is None:
            return NotYet(f'ingresses.networking.k8s.io "{solver["name"]}" not found')
    else:
        wanted[made.INGRESSES] = made.ingress(challenge, solver, service)
    steps = [step for kind, obj in wanted.items() for step in _of_kind(kind, obj, there[kind])]
    if named is not None and (edited := with_path(named, challenge, service)) is not None:
        steps.append(requests.update(made.INGRESSES, edited))
    return tuple(steps)


def _of_kind(kind: Resource, wanted: JsonObject, there: tuple[JsonObject, ...]) -> list[Step]:
    if not there:
        return [requests.create(kind, wanted)]
    surplus: list[Step] = [requests.delete(kind, one, exact=False) for one in there[1:]]
    if kind == made.HTTP_ROUTES and _differs(wanted["spec"], there[0]["spec"]):
        return [requests.update(kind, {**there[0], "spec": wanted["spec"]}), *surplus]
    return surplus


def _differs(wanted: Any, found: Any) -> bool:
    """Whether a wanted field differs; fields that the server added are ignored."""
    if isinstance(wanted, dict):
        return not isinstance(found, dict) or any(_differs(value, found.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        same_length = isinstance(found, list) and len(found) == len(wanted)
        return not same_length or any(_differs(one, other) for one, other in zip(wanted, found, strict=True))
    return bool(wanted != found)


def with_path(ingress: JsonObject, challenge: Challenge, service: str) -> JsonObject | None:
    """The Ingress with the challenge's path first; None if it is there already."""
    path, rule = made.path(challenge, service), made.rule(challenge, service)
    rules = list((ingress.get("spec") or {}).get("rules") or ())
    for at, one in enumerate(rules):
        if one.get("host", "") != rule.get("host", "") or one.get("http") is None:
            continue
        paths = one["http"].get("paths") or []
        if any(found.get("path") == path["path"] for found in paths):
            return None
        rules[at] = {**one, "http": {**one["http"], "paths": [path, *paths]}}
        return {**ingress, "spec": {**ingress["spec"], "rules": rules}}
    return {**ingress, "spec": {**(ingress.get("spec") or {}), "rules": [rule, *rules]}}


def without_path(ingress: JsonObject, challenge: Challenge) -> JsonObject | None:
    """The Ingress without the path; None if it is not there."""
    wanted = made.PATH + challenge.spec.token
    rules: list[JsonObject] = []
    for one in (ingress.get("spec") or {}).get("rules") or ():
        paths = (one.get("http") or {}).get("paths") or []
        kept = [path for path in paths if path.get("path") != wanted]
        if len(kept) == len(paths):
            rules.append(one)
        elif kept:
            rules.append({**one, "http": {**one["http"], "paths": kept}})
    if rules == ((ingress.get("spec") or {}).get("rules") or []):
        return None
    return {**ingress, "spec": {**ingress["spec"], "rules": rules}}


def _leaving(challenge: Challenge, there: dict[Resource, tuple[JsonObject, ...]], named: JsonObject | None) -> Solving:
    removal: list[Step] = [requests.delete(kind, one, exact=False) for kind, found in there.items() for one in found]
    if named is not None and (edited := without_path(named, challenge)) is not None:
        removal.append(requests.update(made.INGRESSES, edited))
    return Solving(removal=tuple(removal), gone=not removal)


def _visible(snapshot: Snapshot, challenge: Challenge, settings: Settings, number: int) -> Visible | NotYet | None:
    spec = challenge.spec
    if spec.solver.get("waitInsteadOfSelfCheck"):
        return None
    answer: Visible | NotYet | Failed | Pending = snapshot.ask(
        CheckWebsite(spec.dns_name, spec.token, spec.key, settings.http01_nameservers, number)
    )
    if isinstance(answer, Failed):
        return NotYet(f"the self check had no answer: {answer.reason}")
    return answer if isinstance(answer, Visible | NotYet) else None

"""The state of an object of each kind in one word, the reason, since when and until when. Pure: from its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from argosy.machinery.objects import JsonObject

Severity = Literal["ok", "busy", "attention", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    state: str
    severity: Severity = "ok"
    message: str = ""
    since: str = ""
    until: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


_ROLLOUT: Final[Mapping[str, Severity]] = {
    "Healthy": "ok", "Progressing": "busy", "Paused": "attention", "Degraded": "broken",
}  # fmt: skip
_PROMOTION: Final[Mapping[str, Severity]] = {
    "Pending": "busy", "Running": "busy", "Succeeded": "ok",
    "Failed": "broken", "Errored": "broken", "Aborted": "attention",
}  # fmt: skip


def rollout(obj: JsonObject) -> State:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = str(status.get("phase") or "Progressing")
    strategy = spec.get("strategy") or {}
    steps = (strategy.get("canary") or {}).get("steps") or ()
    pauses = status.get("pauseConditions") or ()
    weights = ((status.get("canary") or {}).get("weights") or {}).get("canary") or {}
    facts = {
        "strategy": "blue-green" if "blueGreen" in strategy else "canary",
        "image": _image(spec),
        "replicas": f"{status.get('availableReplicas') or 0} of {spec.get('replicas', 1)} available",
    }
    if steps:
        facts["step"] = f"{status.get('currentStepIndex') or 0} of {len(steps)}"
    if weights:
        facts["weight"] = f"{weights.get('weight')} %"
    aborted = bool(status.get("abort"))
    return State(
        state="Aborted" if aborted else phase,
        severity="broken" if aborted else _ROLLOUT.get(phase, "busy"),
        message=str(status.get("message") or ""),
        since=str(pauses[0].get("startTime") if pauses else status.get("abortedAt") or ""),
        facts=facts,
    )


def _image(spec: JsonObject) -> str:
    containers = (((spec.get("template") or {}).get("spec") or {}).get("containers")) or ()
    return ", ".join(str(one.get("image") or "") for one in containers)


def application_set(obj: JsonObject) -> State:
    status = obj.get("status") or {}
    error = _condition(obj, "ErrorOccurred", "True")
    facts = {"applications": str(len(status.get("resources") or ()))}
    if error is not None:
        return State(state="Error", severity="broken", message=_message(error), since=_since(error), facts=facts)
    return State(state="UpToDate", facts=facts)


def warehouse(obj: JsonObject) -> State:
    facts = {"subscriptions": str(len((obj.get("spec") or {}).get("subscriptions") or ()))}
    if last := (obj.get("status") or {}).get("lastFreightID"):
        facts["freight"] = str(last)[:12]
    return _by_conditions(obj, facts)


def stage(obj: JsonObject) -> State:
    status = obj.get("status") or {}
    facts = {"freight": str(status.get("freightSummary") or "")}
    health = str((status.get("health") or {}).get("status") or "")
    if current := status.get("currentPromotion"):
        name = str(current.get("name") or "")
        return State(state="Promoting", severity="busy", message=f"{name} is running", facts=facts)
    found = _by_conditions(obj, facts)
    if found.state == "NoFreight" and found.severity == "attention":
        return replace(found, severity="ok")  # it holds nothing yet, which alone needs no attention
    if health in ("Unhealthy", "Unknown") and found.severity == "ok":
        issues = "; ".join(map(str, (status.get("health") or {}).get("issues") or ()))
        severity: Severity = "broken" if health == "Unhealthy" else "attention"
        return State(state=health, severity=severity, message=issues, facts=facts)
    return found


def freight(obj: JsonObject) -> State:
    status = obj.get("status") or {}
    images = [f"{one.get('repoURL')}:{one.get('tag')}" for one in obj.get("images") or ()]
    commits = [str(one.get("id"))[:8] for one in obj.get("commits") or ()]
    charts = [f"{one.get('name') or one.get('repoURL')} {one.get('version')}" for one in obj.get("charts") or ()]
    facts = {"alias": str(obj.get("alias") or ""), "content": ", ".join((*images, *commits, *charts))}
    verified, current = sorted(status.get("verifiedIn") or ()), sorted(status.get("currentlyIn") or ())
    return State(
        state="Current" if current else "Verified" if verified else "New",
        message=f"in {', '.join(current)}" if current else f"verified in {', '.join(verified)}" if verified else "",
        facts={**facts, "verifiedIn": ", ".join(verified), "currentlyIn": ", ".join(current)},
    )


def promotion(obj: JsonObject) -> State:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = str(status.get("phase") or "Pending")
    steps = spec.get("steps") or ()
    return State(
        state=phase,
        severity=_PROMOTION.get(phase, "busy"),
        message=str(status.get("message") or ""),
        since=str(status.get("finishedAt") or status.get("startedAt") or ""),
        facts={
            "stage": str(spec.get("stage") or ""),
            "freight": str(spec.get("freight") or "")[:12],
            "step": f"{min(int(status.get('currentStep') or 0) + 1, len(steps))} of {len(steps)}" if steps else "",
        },
    )


_ANALYSIS: Final[Mapping[str, Severity]] = {
    "Pending": "busy", "Running": "busy", "Successful": "ok",
    "Failed": "broken", "Error": "broken", "Inconclusive": "attention",
}  # fmt: skip


def analysis_run(obj: JsonObject) -> State:
    """For a Rollout, an Experiment or a Stage: its measurements, and the result that ended them."""
    status = obj.get("status") or {}
    phase = str(status.get("phase") or "Pending")
    owners = obj["metadata"].get("ownerReferences") or ()
    labels = obj["metadata"].get("labels") or {}
    stage = str(labels.get("kargo.akuity.io/stage") or "")
    owner = (
        " ".join(str(owners[0].get(name)) for name in ("kind", "name")) if owners else f"Stage {stage}" if stage else ""
    )
    return State(
        state=phase,
        severity=_ANALYSIS.get(phase, "busy"),
        message=str(status.get("message") or ""),
        since=str(status.get("startedAt") or ""),
        facts={
            "owner": owner,
            "metrics": ", ".join(str(one.get("name")) for one in (obj.get("spec") or {}).get("metrics") or ()),
        },
    )


def experiment(obj: JsonObject) -> State:
    """Versions side by side: how many Pods of each there are, and what judges them."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = str(status.get("phase") or "Pending")
    owners = obj["metadata"].get("ownerReferences") or ()
    met = {str(one.get("name")): one for one in status.get("templateStatuses") or ()}
    templates = [str(one.get("name") or "") for one in spec.get("templates") or ()]
    available = (f"{name} {(met.get(name) or {}).get('availableReplicas') or 0}" for name in templates)
    return State(
        state=phase,
        severity=_ANALYSIS.get(phase, "busy"),
        message=str(status.get("message") or ""),
        since=str(status.get("availableAt") or ""),
        facts={
            "owner": " ".join(str(owners[0].get(name)) for name in ("kind", "name")) if owners else "",
            "templates": ", ".join(available),
            "analyses": ", ".join(str(one.get("name") or "") for one in spec.get("analyses") or ()),
            "duration": str(spec.get("duration") or ""),
        },
    )


_ISSUER_TYPES: Final[Mapping[str, str]] = {
    "acme": "ACME", "ca": "CA", "selfSigned": "self-signed", "vault": "Vault", "venafi": "Venafi",
}  # fmt: skip


def issuer(obj: JsonObject) -> State:
    """Of one namespace or of the whole cluster: who signs, by which account, and whether that can be reached."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    kind = next((name for name in _ISSUER_TYPES if name in spec), "")
    given, account = spec.get(kind) or {}, status.get("acme") or {}
    facts = {
        "type": _ISSUER_TYPES.get(kind, "unknown"),
        "server": str(given.get("server") or given.get("url") or ""),
        "secret": str(given.get("secretName") or (given.get("privateKeySecretRef") or {}).get("name") or ""),
        "account": str(account.get("uri") or ""),
        "email": str(account.get("lastRegisteredEmail") or given.get("email") or ""),
    }
    ready = _condition(obj, "Ready")
    if ready is None:
        return State(state="Unknown", severity="busy", message="It was not looked at yet", facts=facts)
    if ready.get("status") == "True":
        return State(state="Ready", message=_message(ready), since=_since(ready), facts=facts)
    state = str(ready.get("reason") or "NotReady")
    return State(state=state, severity="broken", message=_message(ready), since=_since(ready), facts=facts)


def certificate(obj: JsonObject) -> State:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    issuer = spec.get("issuerRef") or {}
    facts = {
        "names": ", ".join(map(str, spec.get("dnsNames") or [spec.get("commonName") or ""])),
        "issuer": f"{issuer.get('kind') or 'Issuer'} {issuer.get('name')}",
        "secret": str(spec.get("secretName") or ""),
        "notAfter": str(status.get("notAfter") or ""),
        "notBefore": str(status.get("notBefore") or ""),
    }
    issuing, ready = _condition(obj, "Issuing", "True"), _condition(obj, "Ready")
    until = str(status.get("renewalTime") or "")
    if issuing is not None:
        since, message = _since(issuing), _message(issuing)
        return State(state="Issuing", severity="busy", message=message, since=since, until=until, facts=facts)
    if ready is None or ready.get("status") != "True":
        state = str((ready or {}).get("reason") or "NotReady")
        message = _message(ready) if ready else "It was not issued yet"
        return State(state=state, severity="attention", message=message, since=_since(ready), facts=facts)
    return State(state="Ready", message=_message(ready), since=_since(ready), until=until, facts=facts)


def sealed_secret(obj: JsonObject) -> State:
    spec = obj.get("spec") or {}
    facts = {"keys": ", ".join(sorted(spec.get("encryptedData") or {}))}
    synced = _condition(obj, "Synced")
    if synced is None:
        return State(state="Unknown", severity="busy", message="It was not opened yet", facts=facts)
    good = synced.get("status") == "True"
    return State(
        state="Synced" if good else "Error",
        severity="ok" if good else "broken",
        message=_message(synced),
        since=_since(synced),
        facts=facts,
    )


def _by_conditions(obj: JsonObject, facts: Mapping[str, str]) -> State:
    """Ready, and work in progress."""
    ready, working = _condition(obj, "Ready"), _condition(obj, "Reconciling", "True")
    if ready is not None and ready.get("status") == "True":
        return State(state="Ready", message=_message(ready), since=_since(ready), facts=facts)
    if working is not None:
        state = str(working.get("reason") or "Reconciling")
        return State(state=state, severity="busy", message=_message(working), since=_since(working), facts=facts)
    if ready is None:
        return State(state="Unknown", severity="busy", facts=facts)
    state = str(ready.get("reason") or "NotReady")
    return State(state=state, severity="attention", message=_message(ready), since=_since(ready), facts=facts)


def _condition(obj: JsonObject, kind: str, status: str = "") -> JsonObject | None:
    for one in (obj.get("status") or {}).get("conditions") or ():
        if one.get("type") == kind and status in ("", one.get("status")):
            found: JsonObject = one
            return found
    return None


def _message(condition: JsonObject) -> str:
    return str(condition.get("message") or "")


def _since(condition: JsonObject | None) -> str:
    return str((condition or {}).get("lastTransitionTime") or "")

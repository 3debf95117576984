"""Certificates by annotation: one reconcile, and its small steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from argosy.certs.settings import DefaultIssuer, Settings
from argosy.certs.shim import hosts
from argosy.certs.shim.annotations import BadAnnotation, BadConfig, issuer_of, solver_annotations, translated
from argosy.certs.shim.plan import plan


def shim(case: dict[str, Any]) -> Iterator[str]:
    obj, expected = case["object"], case["expect"]
    settings = Settings(
        extra_annotations=("venafi.cert-manager.io/custom-fields",),
        extra_protocols=tuple(case.get("extraProtocols") or ()),
        default_issuer=DefaultIssuer(**case["defaultIssuer"]),
    )
    try:
        found = plan(obj["kind"], obj, case["existingCertificates"], settings)
    except BadAnnotation as error:
        if not expected["error"]:
            yield f"error: {error}"
        return
    if expected["error"]:
        yield "no error"
    for name in ("create", "update"):
        ours, theirs = ([_bare(one) for one in some] for some in (getattr(found, name), expected[name]))
        if _sorted(ours) != _sorted(theirs):
            yield f"{name}: {ours} instead of {theirs}"
    if [one["metadata"]["name"] for one in found.delete] != expected["delete"]:
        yield f"delete: {found.delete}"
    faults = [event for event in expected["events"] if event["reason"] == "BadConfig"]
    if bool(faults) != bool(found.faults):
        yield f"faults: {found.faults} instead of {faults}"


def _bare(certificate: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in certificate.items() if key not in ("apiVersion", "kind")}


def _sorted(certificates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(certificates, key=lambda one: str(one["metadata"]["name"]))


def helper(case: dict[str, Any]) -> Iterator[str]:
    found = _found(case)
    if found != case["expect"]:
        yield f"{found} instead of {case['expect']}"


def _found(case: dict[str, Any]) -> Any:
    notes = case.get("annotations") or {}
    match case["operation"]:
        case "issuerRef":
            return _issuer(notes, DefaultIssuer(**case["defaultIssuer"]))
        case "translate":
            try:
                return {"spec": translated(notes)}
            except BadAnnotation:
                return {"error": True}
        case "listenerIgnored":
            return hosts.is_ignored(notes, case["listenerName"])
        case "splitHosts":
            dns, addresses = hosts.split(case["hosts"])
            return {"dnsNames": dns, "ipAddresses": addresses}
        case "tlsProtocol":
            return hosts.is_tls(case["protocol"], case["extraProtocols"])
        case "issuerSpecificAnnotations":
            obj = {"metadata": {"name": case["objectName"], "annotations": notes}}
            return solver_annotations(case["objectKind"], obj)
        case "removable":
            return _removable(case)
    faults = hosts.listener_faults(case["listener"], "spec.listeners[0]", case["namespace"])
    return [{"type": one.kind, "field": one.field} for one in faults]


def _issuer(notes: dict[str, str], default: DefaultIssuer) -> dict[str, Any]:
    try:
        return {"name": "", "kind": "", "group": ""} | issuer_of(notes, default)
    except BadConfig:
        return {"error": True}


def _removable(case: dict[str, Any]) -> list[str]:
    owner = case["owner"]
    kind = "Gateway" if owner["name"].startswith("gw") else "Ingress"
    notes = {"cert-manager.io/issuer": "x"}
    metadata = {"name": owner["name"], "uid": owner["uid"], "namespace": "n", "annotations": notes}
    found = plan(kind, {"metadata": metadata, "spec": owner["spec"]}, case["certificates"], Settings())
    return [one["metadata"]["name"] for one in found.delete]

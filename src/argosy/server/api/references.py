"""The objects that an object refers to, by its kind. Pure.

One function per kind; a name that is not a string is ignored, so that malformed objects do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from argosy.machinery.objects import JsonObject, group_version

ARGO, KARGO, CERTS = "argoproj.io", "kargo.akuity.io", "cert-manager.io"
DEPENDS_ON: Final = "argosy.dev/depends-on"


class Reference(NamedTuple):
    """`why`: what the other is to the object: its `project`, its `issuer`."""

    group: str
    kind: str
    namespace: str
    name: str
    why: str


def references(obj: JsonObject) -> list[Reference]:
    """Without duplicates."""
    group, kind = group_version(str(obj.get("apiVersion") or ""))[0], str(obj.get("kind") or "")
    named = _NAMED.get((group, kind))
    found = [*_owners(obj), *(named(obj) if named is not None else ())]
    return list(dict.fromkeys(one for one in found if one.name))


def _owners(obj: JsonObject) -> Iterator[Reference]:
    namespace = _namespace(obj)
    for owner in obj["metadata"].get("ownerReferences") or ():
        group = group_version(_text(owner.get("apiVersion")))[0]
        yield Reference(group, _text(owner.get("kind")), namespace, _text(owner.get("name")), "owner")


def _application(obj: JsonObject) -> Iterator[Reference]:
    own, spec = _namespace(obj), _spec(obj)
    yield Reference(ARGO, "AppProject", own, _text(spec.get("project")), "project")
    annotations = obj["metadata"].get("annotations") or {}
    for word in _text(annotations.get(DEPENDS_ON)).split(","):
        namespace, _, name = word.strip().rpartition("/")
        yield Reference(ARGO, "Application", namespace or own, name, "dependency")


def _rollout(obj: JsonObject) -> Iterator[Reference]:
    own, spec = _namespace(obj), _spec(obj)
    workload = _object(spec.get("workloadRef"))
    group = group_version(_text(workload.get("apiVersion")))[0]
    yield Reference(group, _text(workload.get("kind")), own, _text(workload.get("name")), "workload")
    strategy = _object(spec.get("strategy"))
    canary, blue_green = _object(strategy.get("canary")), _object(strategy.get("blueGreen"))
    for name in ("canaryService", "stableService"):
        yield Reference("", "Service", own, _text(canary.get(name)), "service")
    for name in ("activeService", "previewService"):
        yield Reference("", "Service", own, _text(blue_green.get(name)), "service")
    analyses = [_object(canary.get("analysis"))]
    analyses += [_object(blue_green.get(name)) for name in ("prePromotionAnalysis", "postPromotionAnalysis")]
    analyses += [_object(step.get("analysis")) for step in _objects(canary.get("steps"))]
    for analysis in analyses:
        yield from _templates(own, analysis.get("templates"), "templateName")


def _templates(namespace: str, templates: object, field: str) -> Iterator[Reference]:
    for one in _objects(templates):
        cluster_wide = one.get("clusterScope") is True or one.get("kind") == "ClusterAnalysisTemplate"
        kind = "ClusterAnalysisTemplate" if cluster_wide else "AnalysisTemplate"
        yield Reference(ARGO, kind, "" if cluster_wide else namespace, _text(one.get(field)), "analysis template")


def _stage(obj: JsonObject) -> Iterator[Reference]:
    own, spec = _namespace(obj), _spec(obj)
    for request in _objects(spec.get("requestedFreight")):
        origin, sources = _object(request.get("origin")), _object(request.get("sources"))
        yield Reference(KARGO, _text(origin.get("kind")), own, _text(origin.get("name")), "warehouse")
        for name in sources.get("stages") or ():
            yield Reference(KARGO, "Stage", own, _text(name), "upstream stage")
    verification = _object(spec.get("verification"))
    yield from _templates(own, verification.get("analysisTemplates"), "name")
    template = _object(_object(spec.get("promotionTemplate")).get("spec"))
    for step in _objects(template.get("steps")):
        task = _object(step.get("task"))
        kind = _text(task.get("kind")) or "PromotionTask"
        namespace = "" if kind == "ClusterPromotionTask" else own
        yield Reference(KARGO, kind, namespace, _text(task.get("name")), "promotion task")
        for app in _objects(_object(step.get("config")).get("apps")):
            name = _text(app.get("name"))
            if "${{" not in name:
                yield Reference(ARGO, "Application", _text(app.get("namespace")) or "argocd", name, "application")


def _promotion(obj: JsonObject) -> Iterator[Reference]:
    own, spec = _namespace(obj), _spec(obj)
    yield Reference(KARGO, "Stage", own, _text(spec.get("stage")), "stage")
    yield Reference(KARGO, "Freight", own, _text(spec.get("freight")), "freight")


def _freight(obj: JsonObject) -> Iterator[Reference]:
    origin = _object(obj.get("origin"))
    yield Reference(KARGO, _text(origin.get("kind")), _namespace(obj), _text(origin.get("name")), "warehouse")


def _certificate(obj: JsonObject) -> Iterator[Reference]:
    own, spec = _namespace(obj), _spec(obj)
    issuer = _object(spec.get("issuerRef"))
    kind = _text(issuer.get("kind")) or "Issuer"
    namespace = "" if kind.startswith("Cluster") else own
    group = _text(issuer.get("group")) or CERTS
    yield Reference(group, kind, namespace, _text(issuer.get("name")), "issuer")
    yield Reference("", "Secret", own, _text(spec.get("secretName")), "secret")


def _sealed_secret(obj: JsonObject) -> Iterator[Reference]:
    yield Reference("", "Secret", _namespace(obj), _text(obj["metadata"].get("name")), "secret")


_NAMED: Final[Mapping[tuple[str, str], Callable[[JsonObject], Iterable[Reference]]]] = {
    (ARGO, "Application"): _application,
    (ARGO, "Rollout"): _rollout,
    (KARGO, "Stage"): _stage,
    (KARGO, "Promotion"): _promotion,
    (KARGO, "Freight"): _freight,
    (CERTS, "Certificate"): _certificate,
    ("bitnami.com", "SealedSecret"): _sealed_secret,
}


def _namespace(obj: JsonObject) -> str:
    return str(obj["metadata"].get("namespace") or "")


def _spec(obj: JsonObject) -> JsonObject:
    return _object(obj.get("spec"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

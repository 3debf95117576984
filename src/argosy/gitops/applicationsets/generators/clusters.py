"""`clusters`: one set for each cluster Secret, and for the local cluster, which needs no Secret."""

from __future__ import annotations

from argosy.apis.argoproj.applicationset.generators import ClusterGenerator
from argosy.apis.argoproj.applicationset.references import Selector
from argosy.apis.schema import read
from argosy.expr.slugs import normalize
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.keys import IN_CLUSTER, labels_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import SelectorError, label_selector_of
from argosy.sources.credentials import decoded

LOCAL = "in-cluster"


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    given = read(ClusterGenerator, options)
    selector = given.selector or Selector()
    everything = not selector.match_labels and not selector.match_expressions
    try:
        wanted = label_selector_of(selector.raw)
    except SelectorError as error:
        raise GeneratorError(f"clusters: error converting label selector: {error}") from None
    secrets = asked.doors.objects.clusters()
    chosen = [secret for secret in secrets if wanted.matches(labels_of(secret))]
    made = [_of_secret(asked, secret) for secret in chosen]
    if everything and all(decoded(secret).get("server", "").rstrip("/") != IN_CLUSTER for secret in secrets):
        made.append(_named(asked, LOCAL, IN_CLUSTER, ""))
    made = [asked.with_values(parameters, given.values) for parameters in made]
    return [{"clusters": made}] if given.flat_list else made


def _named(asked: GeneratorContext, name: str, server: str, project: str) -> JsonObject:
    return {"name": name, "nameNormalized": normalize(name), "server": server, "project": project}


def _of_secret(asked: GeneratorContext, secret: JsonObject) -> JsonObject:
    data, metadata = decoded(secret), secret.get("metadata") or {}
    made = _named(asked, data.get("name", ""), data.get("server", ""), data.get("project", ""))
    kept = {kind: dict(metadata[kind]) for kind in ("labels", "annotations") if metadata.get(kind)}
    if asked.engine.is_go:
        return {**made, "metadata": kept}
    return {**made, **{f"metadata.{kind}.{key}": text for kind, found in kept.items() for key, text in found.items()}}

"""`argosy rollout lint`: the validation rules of section 10 that need no cluster.

Services and routers' objects are checked if they are in the same file, as by upstream's plug-in.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.cli.failing import CommandError, Exit
from argosy.cli.rollout.documents import documents_of
from argosy.machinery.objects import JsonObject, Resource
from argosy.promotion.preview.loaded import Loaded
from argosy.rollouts.reconcile.look import facts_of
from argosy.rollouts.reconcile.template import resolved
from argosy.rollouts.routers.needs import places
from argosy.rollouts.routers.versions import versions_of
from argosy.rollouts.validation.errors import FieldError
from argosy.rollouts.validation.references import wrong_references
from argosy.rollouts.validation.spec import spec_errors

NAMESPACE = "default"
WORKLOADS = {
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
}


def lint(options: argparse.Namespace) -> int:
    files = [*options.files, *options.named]
    if not files:
        raise CommandError("name a file, as an argument or with --filename")
    found = [f"{file}: {error}" for file in files for error in errors_in(_documents(file))]
    for line in found:
        print(line, file=sys.stderr)
    return Exit.FAILED if found else Exit.OK


def _documents(file: str) -> list[JsonObject]:
    found = [one for one in documents_of(file) if isinstance(one, dict)]
    for one in found:
        metadata = one.setdefault("metadata", {})
        if isinstance(metadata, dict):
            metadata["namespace"] = metadata.get("namespace") or NAMESPACE
    return [one for one in found if isinstance(one["metadata"], dict)]


def errors_in(documents: Sequence[JsonObject]) -> Iterator[FieldError | str]:
    for document in documents:
        if document.get("kind") == "Rollout":
            yield from _errors_of(read(Rollout, document), documents)
        elif not (document.get("kind") and document.get("apiVersion")):
            yield f"{document['metadata'].get('name') or 'a document'} is not an object: it has no apiVersion and kind"


def _errors_of(stored: Rollout, documents: Sequence[JsonObject]) -> Iterator[FieldError | str]:
    source = resolved(Loaded(_workloads(documents)), stored)
    if source.problem and not source.problem.endswith("not found"):
        yield source.problem
        return
    rollout, facts = source.rollout, facts_of(source.rollout, None)
    if not facts.pod_hash:
        yield facts.problem  # the template is invalid, so nothing else can be checked
        return
    own = ("spec.template", "spec.selector") if source.problem else ()  # of a workload that is elsewhere
    yield from (error for error in spec_errors(rollout) if not error.field.startswith(own))
    yield from _wrong_references(rollout, documents)


def _workloads(documents: Sequence[JsonObject]) -> dict[Resource, list[JsonObject]]:
    kinds = (Resource("apps", "v1", plural, kind) for plural, kind in WORKLOADS.items())
    found = {kind: [one for one in documents if one.get("kind") == kind.kind] for kind in kinds}
    templates = Resource("", "v1", "podtemplates", "PodTemplate")
    return {**found, templates: [one for one in documents if one.get("kind") == "PodTemplate"]}


def _wrong_references(rollout: Rollout, documents: Sequence[JsonObject]) -> Iterator[FieldError]:
    """`documents`: the objects of the same file."""
    named = {(str(one.get("apiVersion")), one.get("kind"), _place(one)): one for one in documents}
    services = (
        {}
        if not rollout.spec.template
        else {
            place[1]: read(Service, one)
            for (_, kind, place), one in named.items()
            if kind == "Service" and place[0] == rollout.namespace
        }
    )
    objects = {
        (resource, key): named[version.api_version, version.kind, (key.namespace, key.name)]
        for resource, key in places(rollout)
        for version in versions_of(resource)
        if (version.api_version, version.kind, (key.namespace, key.name)) in named
    }
    yield from wrong_references(rollout, services, objects)


def _place(obj: JsonObject) -> tuple[str, str]:
    return str(obj["metadata"]["namespace"]), str(obj["metadata"].get("name") or "")

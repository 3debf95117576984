"""Whether the applications of a group may be hydrated together. Pure; the texts are those that users search for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.argoproj.project import AppProjectSpec
from argosy.gitops.hydrator.groups import dry_source, project_of, qualified, target_of
from argosy.gitops.model.application_spec import hydrator_of
from argosy.gitops.projects.permissions import permits_namespace_of_application, permits_source
from argosy.machinery.objects import JsonObject, Key
from argosy.sources.paths import normalise
from argosy.sources.port import Rejected
from argosy.sources.scrub import scrub


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application, and its project's effective spec; None if there is no such project."""

    key: Key
    app: JsonObject
    project: AppProjectSpec | None

    @property
    def name(self) -> str:
        return qualified(self.key)

    @property
    def project_name(self) -> str:
        return project_of(self.app)


def errors_of(candidates: Iterable[Candidate], control_plane: str) -> dict[str, str]:
    """Errors by qualified name; empty if all may be hydrated."""
    errors: dict[str, str] = {}
    places: dict[str, str] = {}
    for candidate in candidates:
        text, path = _error(candidate, control_plane)
        if text:
            errors[candidate.name] = text
            continue
        other = places.setdefault(path, candidate.name)
        if other != candidate.name:
            where = f"repo={scrub(target_of(candidate.app).repository)}, path={path}"
            errors[candidate.name] = f"app {other} hydrator uses the same destination: {where}"
            errors[other] = f"app {candidate.name} hydrator uses the same destination: {where}"
    return errors


def refusals(spec: ApplicationSpec, project: AppProjectSpec, name: str) -> list[str]:
    """What the project does not permit in a spec with a hydrator, as InvalidSpecError texts."""
    app = {"spec": spec.raw}
    dry, sync = dry_source(app).repo_url, target_of(app).repository
    errors = []
    if not permits_source(project, dry):
        errors.append(f"application repo {scrub(dry)} is not permitted in project '{name}'")
    if sync != dry and not permits_source(project, sync):
        errors.append(f"sync source repo {scrub(sync)} is not permitted in project '{name}'")
    return errors


def notices(spec: ApplicationSpec, *, is_enabled: bool) -> list[str]:
    """What prevents writing to the branch, though not syncing from it."""
    if not hydrator_of(spec) or is_enabled:
        return []
    return ['spec.sourceHydrator: nothing is hydrated until hydrator.enabled is "true" in argocd-cmd-params-cm']


def waiting(spec: ApplicationSpec) -> str:
    """Added if the path is not on the sync branch yet: another process has to create it there."""
    hydrator = hydrator_of(spec)
    if hydrator is None or hydrator.hydrate_to is None:
        return ""
    sync, staged = hydrator.sync_source.target_branch, hydrator.hydrate_to.target_branch
    return f" - waiting for an external process to update {sync} from {staged}"


def of_group(errors: Mapping[str, str]) -> str:
    """The message for applications without an error of their own."""
    first, more = min(errors), len(errors) - 1
    rest = f"and {more} more have errors" if more else "has an error"
    return f"cannot hydrate because application {first} {rest}"


def _error(candidate: Candidate, control_plane: str) -> tuple[str, str]:
    """Errors of one application by itself, and its normalised path."""
    name, project, target = candidate.project_name, candidate.project, target_of(candidate.app)
    if project is None:
        return f'failed to get project "{name}": appproject.argoproj.io "{name}" not found', ""
    if not permits_namespace_of_application(project, candidate.key.namespace, control_plane):
        place = f"application '{candidate.key.name}' in namespace '{candidate.key.namespace}'"
        return f"failed to get project \"{name}\": {place} is not permitted to use project '{name}'", ""
    dry = dry_source(candidate.app).repo_url
    if not permits_source(project, dry):
        return f"application repo {scrub(dry)} is not permitted in project '{name}'", ""
    try:
        path = normalise(target.path)
    except Rejected as error:
        return f"spec.sourceHydrator.syncSource.path: {error}", ""
    if not path:
        place = f'branch "{target.branch}", path "{target.path}"'
        return f"app is configured to hydrate to the repository root ({place}) which is not allowed", ""
    if not permits_source(project, target.repository):
        return f"destination repo {scrub(target.repository)} is not permitted in project '{name}'", ""
    return "", path

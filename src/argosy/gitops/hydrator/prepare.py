"""Prepares a group's commit: resolves revisions, renders manifests, fills in texts. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.control_plane.context import ReconcileContext
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.hydrator import commands, metadata, need, paths
from argosy.gitops.hydrator.commit import CommitRequest
from argosy.gitops.hydrator.files import Hydrated, untracked
from argosy.gitops.hydrator.groups import dry_source, project_of, target_of
from argosy.gitops.hydrator.questions import HydrationFailed
from argosy.gitops.hydrator.validation import Candidate
from argosy.gitops.keys import GENERATE_PATHS, INSTALLATION_ID, TRACKING_ID, annotations_of, instance_name
from argosy.gitops.manifests.generation import POLL_MAX_AGE, NotLoaded, NotRendered, Wanted
from argosy.gitops.projects.permissions import further_of
from argosy.machinery.objects import JsonObject
from argosy.sources.paths import normalise
from argosy.sources.port import Author, Credentials, GitRemote, GitWriter, SourceError

if TYPE_CHECKING:
    from argosy.expr.gotemplate import GoTemplates

AUTHOR = Author("Argo CD", "argo-cd@example.com")
"""As upstream's, so that filters on authors keep working."""

INSTANCE_LABEL = "app.kubernetes.io/instance"


class NotIntact(Exception):
    """The project requires signatures that the dry commit does not have."""


class Preparation:
    def __init__(
        self,
        context: ReconcileContext,
        git: GitRemote,
        writer: Callable[[], GitWriter],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._context, self._git, self._writer = context, git, writer
        self._entropy = entropy

    async def resolved(self, app: JsonObject, max_age: float) -> str:
        """The dry commit now; "" if it cannot be resolved."""
        try:
            book = self._context.plane.credentials
            return await self._context.manifests.resolve(dry_source(app), book, project_of(app), max_age)
        except SourceError:
            return ""

    async def dry_commit(self, app: JsonObject) -> str:
        """The same, with the reason. Raises HydrationFailed."""
        source = dry_source(app)
        try:
            book = self._context.plane.credentials
            return await self._context.manifests.resolve(source, book, project_of(app), POLL_MAX_AGE)
        except SourceError as error:
            raise HydrationFailed({}, for_all=f"failed to get manifests: {error}") from None

    async def is_relevant(self, app: JsonObject, compared: str, dry: str, wanted: Sequence[str]) -> bool:
        """Whether one of these files changed; True if that cannot be determined."""
        url = dry_source(app).repo_url
        plane, project = self._context.plane, project_of(app)
        credentials = plane.credentials.credentials(url, project)
        further = further_of(
            plane.effective(project) or read(AppProjectSpec, {}), project, plane.credentials.credentials
        )
        try:
            trees = [await self._git.tree(url, commit, credentials, further=further) for commit in (compared, dry)]
            return paths.concerns(list(wanted), trees[0], trees[1])
        except SourceError:
            return True

    async def commission(self, candidates: list[Candidate], dry: str) -> tuple[CommitRequest, Credentials]:
        """What to commit, and the writer for it. Raises HydrationFailed."""
        shares = await self._shares(candidates, dry)
        first = candidates[0].app
        target, settings = target_of(first), self._context.plane.settings
        names = {candidate.project_name for candidate in candidates}
        project = names.pop() if len(names) == 1 else ""
        about = await self._about(first, dry, project)
        template = settings.commit_message or metadata.COMMIT_MESSAGE
        work = CommitRequest(
            repository=target.repository,
            sync_branch=target.sync_branch,
            branch=target.branch,
            dry=dry,
            message=self._message(template, about),
            metadata=about,
            shares=shares,
            author=Author(settings.commit_author or AUTHOR.name, settings.commit_email or AUTHOR.email),
            is_known=all(need.is_known(candidate.app, dry) for candidate in candidates),
        )
        return work, self._context.plane.credentials.writing(target.repository, project)

    async def _shares(self, candidates: list[Candidate], dry: str) -> list[Hydrated]:
        """All are rendered concurrently; the renderer itself limits how many."""
        found = await asyncio.gather(*(self._share(each, dry) for each in candidates), return_exceptions=True)
        shares, errors = [], {}
        for candidate, made in zip(candidates, found, strict=True):
            if isinstance(made, NotRendered):
                place = f'failed to get repo objects for app "{candidate.name}": failed to get repo objects'
                cause = f"failed to generate manifest for source 1 of 1: {made.cause}"
                errors[candidate.name] = f"failed to get manifests: {place}: {cause}"
            elif isinstance(made, NotIntact | NotLoaded):
                errors[candidate.name] = f"failed to get manifests: {made}"
            elif isinstance(made, BaseException):
                raise made
            else:
                shares.append(made)
        if errors:
            raise HydrationFailed(errors)
        return shares

    async def _share(self, candidate: Candidate, dry: str) -> Hydrated:
        app, settings = candidate.app, self._context.plane.settings
        source, namespace = dry_source(app), read(Application, app).spec.destination.namespace
        wanted = Wanted(
            app=instance_name(candidate.key, self._context.namespace),
            release=candidate.key.name,
            project=candidate.project_name,
            namespace=namespace,
            cluster="",
            sources=(source,),
            revisions=(dry,),
            names=(source.target_revision,),
            project_spec=candidate.project or read(AppProjectSpec, {}),
            keys=self._context.plane.signing_keys,
            plugins=self._context.plane.plugins,
            generate_paths=annotations_of(app).get(GENERATE_PATHS, ""),
            use_cache=need.requested(app) != "hard",
        )
        [rendered], _, problems = await self._context.manifests.rendered(
            wanted, self._context.plane.credentials, settings
        )
        if problems:
            place = f'app "{candidate.name}" dry revision "{dry}"'
            raise NotIntact(f"source integrity verification failed for {place}: {'; '.join(problems)}")
        url = source.repo_url
        given = commands.of_source(source, rendered.source_type, candidate.key.name, namespace)
        about = metadata.of_path(url, dry, given)
        names = _tracking_names(settings)
        return Hydrated(
            path=normalise(target_of(app).path),
            manifests=[untracked(manifest, names) for manifest in rendered.manifests],
            metadata=about,
            readme=self._text("README", settings.readme or metadata.README, metadata.for_readme(about)),
        )

    async def _about(self, app: JsonObject, dry: str, project: str) -> JsonObject:
        url = dry_source(app).repo_url
        credentials = self._context.plane.credentials.credentials(url, project)
        try:
            return metadata.of_commit(url, dry, await self._writer().describe(url, dry, credentials))
        except SourceError as error:
            raise HydrationFailed({}, for_all=f'failed to get revision metadata for "{dry}": {error}') from None

    def _message(self, template: str, about: JsonObject) -> str:
        text = metadata.cleaned(self._text("commit message", template, {"metadata": about}))
        if not text:
            raise HydrationFailed({}, for_all="failed to get hydrator commit templated message: it is empty")
        return text

    @cached_property
    def _templates(self) -> GoTemplates:
        """Created for the first commit: the engine takes a tenth of a second to load, and few processes hydrate."""
        from argosy.expr.gotemplate import GoTemplates

        return GoTemplates(self._context.clock.now, self._entropy)

    def _text(self, what: str, template: str, values: JsonObject) -> str:
        from argosy.expr.gotemplate import GoTemplateError

        try:
            return self._templates.render(template, values, missing_key="error" if what == "README" else "default")
        except GoTemplateError as error:
            raise HydrationFailed({}, for_all=f"failed to execute the {what} template: {error}") from None


def _tracking_names(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Fields that upstream's rendering adds, and its hydrator removes again."""
    labels = () if settings.tracking_method == "annotation" else (INSTANCE_LABEL,)
    annotations = () if settings.tracking_method == "label" else (TRACKING_ID, INSTALLATION_ID)
    return {"labels": labels, "annotations": annotations}

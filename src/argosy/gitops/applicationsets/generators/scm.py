"""`scmProvider`: one set for each repository (and branch) of an organisation, group or owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import re2

from argosy.apis.argoproj.applicationset.references import ProviderCredentials
from argosy.apis.argoproj.applicationset.repositories import ScmFilter, ScmProviderGenerator
from argosy.apis.schema import read
from argosy.expr.slugs import normalize
from argosy.gitops.applicationsets.generator_context import MALFORMED, GeneratorContext, Repository, RepositoryHost
from argosy.gitops.applicationsets.generators.git import checked_path
from argosy.gitops.applicationsets.generators.secrets import ca_of, check_host, token_for
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PROVIDERS: Final = ("github", "gitlab", "gitea", "bitbucketServer", "bitbucket", "azureDevOps", "awsCodeCommit")
SCHEMES: Final = ("", "ssh", "https")
AWS: Final = "awsCodeCommit"
FIPS: Final = (AWS, "https-fips")


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    provider = provider_of(options, PROVIDERS, "scmProvider")
    given = options[provider]
    # CodeCommit has no address, and uses this process's own identity: its name represents both.
    check_host(asked, AWS if provider == AWS and asked.is_outside else read(ProviderCredentials, given).api)
    generator = read(ScmProviderGenerator, options)
    protocol = generator.clone_protocol
    if protocol not in SCHEMES and (provider, protocol) != FIPS:
        raise GeneratorError(f"scmProvider: cloneProtocol {protocol!r} is unknown: ssh or https would be right")
    token = await token_for(asked, given)
    host = asked.doors.hosting.repositories(provider, given, token, ca_of(asked, given), protocol)
    try:
        found = await filtered(host, generator.filters)
    except MALFORMED:
        raise GeneratorError(f"scmProvider: {provider} answered with something unexpected") from None
    return [asked.with_values(parameters(repository), generator.values) for repository in found]


def provider_of(options: JsonObject, providers: Sequence[str], generator: str) -> str:
    names = [name for name in providers if options.get(name) is not None]
    if len(names) != 1:
        raise GeneratorError(f"{generator}: exactly one provider is needed, found: {', '.join(names) or 'none'}")
    return names[0]


def parameters(found: Repository) -> JsonObject:
    return {
        "organization": found.organization,
        "repository": found.repository,
        "repository_id": found.repository_id,
        "url": found.url,
        "branch": found.branch,
        "sha": found.sha,
        "short_sha": found.sha[:8],
        "short_sha_7": found.sha[:7],
        "labels": ",".join(found.labels),
        "branchNormalized": normalize(found.branch),
    }


async def filtered(host: RepositoryHost, filters: Sequence[ScmFilter]) -> list[Repository]:
    """Filters are OR, the parts of one are AND; those that need a request to the host come last."""
    made: list[Repository] = []
    for repository in await host.repositories():
        left = [item for item in filters if _repository_matches(item, repository)]
        if filters and not left:
            continue
        branches = await host.branches(repository)
        made += [branch for branch in branches if not filters or await _any_holds(host, left, branch)]
    return made


async def _any_holds(host: RepositoryHost, filters: Sequence[ScmFilter], branch: Repository) -> bool:
    for item in filters:
        if pattern_matches(item.branch_match, "branchMatch", branch.branch) and await _paths_hold(host, item, branch):
            return True
    return False


async def _paths_hold(host: RepositoryHost, item: ScmFilter, branch: Repository) -> bool:
    for path in item.paths_exist:
        if not await host.has_path(branch, checked_path(path)):
            return False
    for path in item.paths_do_not_exist:
        if await host.has_path(branch, checked_path(path)):
            return False
    return True


def _repository_matches(item: ScmFilter, found: Repository) -> bool:
    if not pattern_matches(item.repository_match, "repositoryMatch", found.repository):
        return False
    pattern = item.label_match
    return not pattern or any(pattern_matches(pattern, "labelMatch", label) for label in found.labels)


def pattern_matches(pattern: str, name: str, text: str) -> bool:
    """RE2, unanchored; an empty pattern matches. `name`: the pattern's field. Raises GeneratorError."""
    return not pattern or compiled(pattern, name).search(text) is not None


def compiled(pattern: str, name: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise GeneratorError(f"error compiling {name} regexp {pattern!r}: {error}") from None

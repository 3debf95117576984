"""`pullRequest`: one set for each open pull request of a repository."""

from __future__ import annotations

from typing import Final

from argosy.apis.argoproj.applicationset.pull_requests import PullRequestGenerator, PullsFilter
from argosy.apis.argoproj.applicationset.references import ProviderCredentials
from argosy.apis.schema import read
from argosy.expr.slugs import slugify
from argosy.gitops.applicationsets.generator_context import MALFORMED, GeneratorContext, HostNotFound, PullRequest
from argosy.gitops.applicationsets.generators.scm import pattern_matches, provider_of
from argosy.gitops.applicationsets.generators.secrets import ca_of, check_host, token_for
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PROVIDERS: Final = ("github", "gitlab", "gitea", "bitbucketServer", "bitbucket", "azuredevops")


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    generator = read(PullRequestGenerator, options)
    provider = provider_of(options, PROVIDERS, "pullRequest")
    given = options[provider]
    check_host(asked, read(ProviderCredentials, given).api)
    token = await token_for(asked, given)
    host = asked.doors.hosting.pull_requests(provider, given, token, ca_of(asked, given))
    try:
        found = await host.pull_requests()
    except HostNotFound as error:
        if generator.continue_on_repo_not_found_error:
            return []
        raise GeneratorError(f"error listing pull requests: {error}") from None
    except MALFORMED:
        raise GeneratorError(f"pullRequest: {provider} answered with something unexpected") from None
    filters = generator.filters
    return [
        asked.with_values(parameters(pull, is_go=asked.engine.is_go), generator.values)
        for pull in found
        if not filters or any(holds(item, pull) for item in filters)
    ]


def holds(item: PullsFilter, pull: PullRequest) -> bool:
    return (
        pattern_matches(item.branch_match, "branchMatch", pull.branch)
        and pattern_matches(item.target_branch_match, "targetBranchMatch", pull.target_branch)
        and pattern_matches(item.title_match, "titleMatch", pull.title)
    )


def parameters(pull: PullRequest, *, is_go: bool) -> JsonObject:
    made: JsonObject = {
        "number": str(pull.number),
        "title": pull.title,
        "branch": pull.branch,
        "branch_slug": _slug(pull.branch),
        "target_branch": pull.target_branch,
        "target_branch_slug": _slug(pull.target_branch),
        "head_sha": pull.head_sha,
        "head_short_sha": pull.head_sha[:8],
        "head_short_sha_7": pull.head_sha[:7],
        "author": pull.author,
    }
    return {**made, "labels": list(pull.labels)} if is_go else made


def _slug(branch: str) -> str:
    """At most 50 characters, so that 13 more fit into a DNS label."""
    return slugify(branch.replace("_", "-"), whole_words=True)

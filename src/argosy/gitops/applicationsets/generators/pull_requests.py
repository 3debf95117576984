"""`pullRequest`: one set for each open pull request of a repository."""

from __future__ import annotations

from typing import Final

from argosy.expr.slugs import slugify
from argosy.gitops.applicationsets.generator_context import MALFORMED, GeneratorContext, HostNotFound, PullRequest
from argosy.gitops.applicationsets.generators.scm import pattern_matches, provider_of
from argosy.gitops.applicationsets.generators.secrets import ca_of, check_host, token_for
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PROVIDERS: Final = ("github", "gitlab", "gitea", "bitbucketServer", "bitbucket", "azuredevops")


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    provider = provider_of(options, PROVIDERS, "pullRequest")
    given = options[provider]
    check_host(asked, str(given.get("api") or ""))
    token = await token_for(asked, given)
    host = asked.doors.hosting.pull_requests(provider, given, token, ca_of(asked, given.get("caRef")))
    try:
        found = await host.pull_requests()
    except HostNotFound as error:
        if options.get("continueOnRepoNotFoundError"):
            return []
        raise GeneratorError(f"error listing pull requests: {error}") from None
    except MALFORMED:
        raise GeneratorError(f"pullRequest: {provider} answered with something unexpected") from None
    filters = options.get("filters") or []
    return [
        asked.with_values(parameters(pull, is_go=asked.engine.is_go), options.get("values"))
        for pull in found
        if not filters or any(holds(item, pull) for item in filters)
    ]


def holds(item: JsonObject, pull: PullRequest) -> bool:
    return (
        pattern_matches(item, "branchMatch", pull.branch)
        and pattern_matches(item, "targetBranchMatch", pull.target_branch)
        and pattern_matches(item, "titleMatch", pull.title)
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
